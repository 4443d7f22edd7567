ARG IMAGE
FROM ${IMAGE}
USER root
RUN chmod 755 start-ui-server.sh && chmod 644 config/docker.yaml && chmod 2755 /home/temporal
ENV TEMPORAL_CLOUD_UI=false
USER temporal
