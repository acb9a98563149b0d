#!/bin/sh
# A key and a policy per room in MinIO, made or renewed at every start of docker compose; safe to repeat.
set -eu
secrets=${SECRETS:-/run/secrets}
here=$(dirname "$0")
mc alias set house "${MINIO_ADDRESS:-http://minio:9000}" modelyard "$(cat "$secrets/owner_key")" >/dev/null
mc mb --quiet --ignore-existing house/modelyard house/imports
for policy in "$here"/policies/*.json; do
    purpose=$(basename "$policy" .json)
    mc admin policy create house "modelyard-$purpose" "$policy"
    mc admin user add house "modelyard-$purpose" "$(cat "$secrets/s3_$purpose")"
    # It says so with an error when the user has the policy already.
    mc admin policy attach house "modelyard-$purpose" --user "modelyard-$purpose" >/dev/null 2>&1 || true
    # The image has no grep.
    case $(mc admin user info house "modelyard-$purpose" --json) in
        *'"policyName"'*"modelyard-$purpose"*) ;;
        *) echo "modelyard-$purpose has no policy" >&2; exit 1 ;;
    esac
done
