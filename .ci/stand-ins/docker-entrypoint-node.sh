#!/bin/sh
# What the published image's script does: a program that can be found is run as it is, anything else is Node.js' to run.
set -e
if [ "${1#-}" != "$1" ] || ! command -v "$1" > /dev/null || { [ -f "$1" ] && ! [ -x "$1" ]; }; then set -- node "$@"; fi
exec "$@"
