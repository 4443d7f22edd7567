ARG IMAGE
ARG BUSYBOX
FROM ${BUSYBOX} AS tools

FROM ${IMAGE}
# Alpine's shell and tools are one program, busybox: a script that needs another shell has to fail here as it would there.
COPY --from=tools /bin/busybox /bin/busybox
RUN ln -sf /bin/busybox /usr/bin/sh \
 && ln -s "$(command -v docker-registry)" /bin/registry && chmod 755 /entrypoint.sh && chmod 644 /etc/docker/registry/config.yml
