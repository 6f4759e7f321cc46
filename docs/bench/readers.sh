#!/usr/bin/env bash
# What two hundred programs that pull at once cost live video: fills a database with invented records, starts a server on it, makes an
# API key, and runs cmd/readers. From the project's root, after `make build`; needs curl and jq.
#
#   docs/bench/readers.sh [ASSESSMENTS] [FLAGS OF cmd/readers]        default 1000000 --readers 200 --streams 4 --pairs 3
set -euo pipefail
cd "$(dirname "$0")/../.."
assessments=${1:-1000000}; shift || true
data=${READERS_DATA:-$(mktemp -d)}
[ -e "$data/wince.db" ] || bin/wince invent --data "$data" --residents $((assessments / 50)) --assessments "$assessments"
WINCE_STREAMS_MAX=64 bin/wince serve --data "$data" --listen 127.0.0.1:0 >"$data/serve.txt" 2>"$data/serve.log" &
server=$!
trap 'kill $server; wait $server || true; [ -n "${READERS_DATA:-}" ] || rm -rf "$data"' EXIT
until [ -s "$data/address" ] && grep -q 'medical device' "$data/serve.txt"; do sleep 0.2; kill -0 $server; done
url=https://$(cat "$data/address")
if [ ! -e "$data/reader.key" ]; then
  token=$(sed -n 's/.*#\/setup\/\([^ ]*\).*/\1/p' "$data/serve.txt")
  curl -sfk "$url/api/v1/setup" --json "{\"token\":\"$token\",\"name\":\"Bench\",\"password\":\"four words put together\"}" -o /dev/null
  login=$(curl -sfk "$url/api/v1/login" --json '{"name":"Bench","password":"four words put together","token":true}' | jq -r .token)
  client=$(curl -sfk "$url/api/v1/clients" -H "Authorization: Bearer $login" \
    --json '{"name":"Readers","kind":"api_key","all_sites":true,"scopes":["system/*.rs"]}' | jq -r .id)
  curl -sfk "$url/api/v1/clients/$client/keys" -H "Authorization: Bearer $login" --json '{}' | jq -r .secret >"$data/reader.key"
fi
go build -o "$data/readers" ./cmd/readers
"$data/readers" --wince bin/wince --url "$url" --data "$data" --key "$(cat "$data/reader.key")" "$@"
