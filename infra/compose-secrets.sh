#!/bin/sh
# Writes .env with fresh random secrets for `docker compose up`; what is there stays, what is missing is added.
set -eu
cd "$(dirname "$0")/.."
umask 077
secret() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
added=0
add() {
    grep -qs "^$1=" .env && return
    echo "$1=${2:-}$(secret)" >> .env
    added=$((added + 1))
}
add MODELYARD_POSTGRES_PASSWORD
add MODELYARD_NATS_PASSWORD
add MODELYARD_S3_SECRET_KEY
add MODELYARD_ADMIN_TOKEN my_
add MODELYARD_TOKEN_KEY
add MODELYARD_GRAFANA_PASSWORD
case $added in
    0) echo ".env exists; nothing changed" ;;
    *) echo "wrote $added secrets to .env (readable by you alone)" ;;
esac
