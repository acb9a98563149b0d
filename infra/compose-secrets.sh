#!/bin/sh
# Writes .env with fresh random secrets for `docker compose up`, once; never overwrites what is there.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo ".env exists; nothing changed"
    exit 0
fi
umask 077
secret() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
{
    echo "MODELYARD_POSTGRES_PASSWORD=$(secret)"
    echo "MODELYARD_NATS_PASSWORD=$(secret)"
    echo "MODELYARD_S3_SECRET_KEY=$(secret)"
    echo "MODELYARD_ADMIN_TOKEN=my_$(secret)"
    echo "MODELYARD_TOKEN_KEY=$(secret)"
} > .env
echo "wrote .env (readable by you alone)"
