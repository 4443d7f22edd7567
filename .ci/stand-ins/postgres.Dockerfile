ARG IMAGE
ARG BUSYBOX
FROM ${BUSYBOX} AS tools

FROM ${IMAGE} AS original
# Alpine's shell and tools are one program, busybox: a script that needs another shell has to fail here as it would there.
COPY --from=tools /bin/busybox /bin/busybox
RUN for tool in sh cat chmod ls mkdir env id; do ln -sf /bin/busybox /usr/bin/$tool; done

# Alpine's build has its socket in one place; this one's entry point says /tmp too, which is read-only in the stack.
RUN sed -i -e 's#,/tmp##' -e 's#/tmp#/var/run/postgresql#g' /usr/local/bin/docker-entrypoint.sh

# Copied whole: a layer cannot change what lies below a volume that its base declares.
FROM scratch
LABEL lab.stamp=copy
COPY --from=original / /
# Alpine's C library takes every locale for its only one, C in UTF-8.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data LANG=en_US.utf8
RUN rm -rf /var/lib/postgresql/data /var/run/postgresql \
 && chown 70:70 /var/lib/postgresql && chmod 1777 /var/lib/postgresql && install -d -o 70 -g 70 -m 1777 /var/lib/postgresql/data \
 && install -d -o 70 -g 70 /var/run/postgresql && chmod 3777 /var/run/postgresql && chmod 1777 /tmp \
 && chmod 755 /usr/local/bin/docker-entrypoint.sh && usermod -s /bin/sh postgres \
 && ln -s C.utf8 /usr/lib/locale/en_US.utf8 \
 && ln -sf /usr/sbin/gosu /usr/local/bin/gosu && ln -sf gosu /usr/local/bin/su-exec
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
