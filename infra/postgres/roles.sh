#!/bin/sh
# The rooms' roles in PostgreSQL, made or renewed at every start of docker compose; safe to repeat.
set -eu
secrets=${SECRETS:-/run/secrets}
passwords=
for file in "$secrets"/postgres_*; do
    room=$(basename "$file")
    passwords="$passwords,\"${room#postgres_}\":\"$(cat "$file")\""
done
MODELYARD_POSTGRES_PASSWORDS="{${passwords#,}}"
PGPASSWORD=$(cat "$secrets/owner_password")
export MODELYARD_POSTGRES_PASSWORDS PGPASSWORD
exec psql --no-psqlrc --quiet -f "$(dirname "$0")/roles.sql"
