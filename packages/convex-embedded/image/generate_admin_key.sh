#!/usr/bin/env bash
# The admin key of this container's deployment on stdout, as in the published image.
set -e
source ./read_credentials.sh
./generate_key "$INSTANCE_NAME" "$INSTANCE_SECRET"
