ARG IMAGE
ARG BUSYBOX
FROM ${BUSYBOX} AS tools

FROM ${IMAGE}
USER root
# Alpine's shell and tools are one program, busybox: a script that needs another shell has to fail here as it would there.
COPY --from=tools /bin/busybox /bin/busybox
RUN for tool in sh cat chmod ls mkdir sleep; do ln -sf /bin/busybox /usr/bin/$tool; done \
 && rm /etc/temporal/entrypoint.sh /usr/local/bin/temporal-server && mkdir /etc/temporal/schema && chmod 2755 /home/temporal
WORKDIR /
USER temporal
CMD ["sh", "-c", "trap exit INT HUP TERM; sleep infinity & wait"]
