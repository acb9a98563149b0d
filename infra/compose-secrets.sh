#!/bin/sh
# Writes .secrets/ with fresh random secrets for `docker compose up`, a file each; what is there stays, what is
# missing is added. The folder is its owner's alone. The files in it can be read by whoever gets that far: docker
# mounts them as they are into containers, whose users are others than you.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p .secrets
chmod 700 .secrets
added=0
# `add NAME [BEGINNING [VARIABLE]]`: an earlier version kept some in .env, under that variable.
add() {
    [ ! -s ".secrets/$1" ] || return 0
    kept=$([ -z "${3:-}" ] || sed -n "s/^$3=//p" .env 2>/dev/null || true)
    fresh=${2:-}$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
    printf %s "${kept:-$fresh}" > ".secrets/$1.draft"
    chmod 444 ".secrets/$1.draft"
    mv ".secrets/$1.draft" ".secrets/$1"
    added=$((added + 1))
}
rooms="gateway datasets trainer evaluator exporter inference notifier"
add postgres_password "" MODELYARD_POSTGRES_PASSWORD
add nats_password "" MODELYARD_NATS_PASSWORD
add s3_secret_key "" MODELYARD_S3_SECRET_KEY
add admin_token my_ MODELYARD_ADMIN_TOKEN
add admin_password
add token_key "" MODELYARD_TOKEN_KEY
add channel_key
add grafana_password "" MODELYARD_GRAFANA_PASSWORD
# Stands for that of your mail server, which you write there if it wants one.
add smtp_password
for room in $rooms; do
    add "nats_$room"
    add "postgres_$room"
    add "s3_$room"
done
add nats_worker
add nats_integration
add s3_imports
case $added in
    0) echo ".secrets is whole; nothing changed" ;;
    *) echo "wrote $added secrets to .secrets (yours alone)" ;;
esac
