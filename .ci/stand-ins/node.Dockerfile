ARG IMAGE
FROM ${IMAGE}
COPY docker-entrypoint-node.sh /usr/local/bin/docker-entrypoint.sh
RUN chmod 755 /usr/local/bin/docker-entrypoint.sh /home/node && ln -sf /usr/local/bin/node /usr/local/bin/nodejs \
 && rm -f /usr/local/bin/pnpm /usr/local/bin/pnpx
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
