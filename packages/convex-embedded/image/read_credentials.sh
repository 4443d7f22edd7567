#!/usr/bin/env bash
# Sourced, as in the published image: instance name and secret from the environment, else from the volume, else new ones;
# the volume remembers them.
set -e
credentials=${CREDENTIALS_DIR:-${DATA_DIR:-/convex/data}/credentials}
mkdir -p "$credentials"

remembered() { cat "$credentials/$1" 2> /dev/null; }
new_secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

export INSTANCE_SECRET=${INSTANCE_SECRET:-$(remembered instance_secret || new_secret)}
export INSTANCE_NAME=${INSTANCE_NAME:-$(remembered instance_name || echo convex-self-hosted)}
echo "$INSTANCE_SECRET" > "$credentials/instance_secret"
echo "$INSTANCE_NAME" > "$credentials/instance_name"
