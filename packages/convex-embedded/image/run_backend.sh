#!/bin/bash
# What the published image's script of this name does, for the stand-in: the same variables, places and command line. Its
# paths are relative to the working directory, too.
set -e
export DATA_DIR=${DATA_DIR:-/convex/data}
export TMPDIR=${TMPDIR:-$DATA_DIR/tmp}
storage=${STORAGE_DIR:-$DATA_DIR/storage}
mkdir -p "$TMPDIR" "$storage"
source ./read_credentials.sh

for unsupported in POSTGRES_URL MYSQL_URL DATABASE_URL S3_STORAGE_FILES_BUCKET; do
  [ -z "${!unsupported}" ] || { echo "error: $unsupported is set, and the stand-in keeps everything in $DATA_DIR" >&2; exit 2; }
done

# A flag is on when its variable has any value, `false` too.
exec ./convex-local-backend "$@" \
  --instance-name "$INSTANCE_NAME" \
  --instance-secret "$INSTANCE_SECRET" \
  --port 3210 \
  --site-proxy-port 3211 \
  --convex-origin "$CONVEX_CLOUD_ORIGIN" \
  --convex-site "$CONVEX_SITE_ORIGIN" \
  --beacon-tag self-hosted-docker \
  ${DISABLE_BEACON:+--disable-beacon} \
  ${REDACT_LOGS_TO_CLIENT:+--redact-logs-to-client} \
  ${DO_NOT_REQUIRE_SSL:+--do-not-require-ssl} \
  --local-storage "$storage" \
  "${SQLITE_DB:-$DATA_DIR/db.sqlite3}"
