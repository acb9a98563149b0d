#!/bin/sh
# nats-server of docker compose: its file reads passwords from variables, and those come from files.
set -eu
for file in "${SECRETS:-/run/secrets}"/nats_*; do
    # In quotes of its own: NATS reads a value that begins with digits, as one secret in sixteen does, as a number.
    export "MODELYARD_$(basename "$file" | tr '[:lower:]' '[:upper:]')=\"$(cat "$file")\""
done
exec nats-server "$@"
