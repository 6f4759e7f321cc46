#!/usr/bin/env bash
# Whether every query of the dashboard finds something: starts a server and a Prometheus that reads it, lets three tablets send for a minute and
# a half, refuses further ones, and evaluates each query as Grafana would. From the project's root, after `make build`; needs prometheus,
# curl and jq.
#
#   docs/bench/dashboard.sh [SECONDS]        default 90
#
# Exit status: 0 if every query finds something, else 1.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-90}
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$dir"' EXIT

WINCE_STREAMS_MAX=3 WINCE_ADMIN_LISTEN=127.0.0.1:0 bin/wince serve --data "$dir/data" --listen 127.0.0.1:0 >"$dir/serve.txt" 2>"$dir/serve.log" &
pids+=($!)
until [ -s "$dir/data/admin-address" ]; do sleep 0.2; kill -0 "${pids[0]}"; done
cat >"$dir/prometheus.yml" <<END
global: {scrape_interval: 5s}
scrape_configs:
  - job_name: wince
    static_configs: [{targets: ["$(cat "$dir/data/admin-address")"]}]
END
port=$((20000 + RANDOM % 10000))
prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="127.0.0.1:$port" 2>"$dir/prometheus.log" &
pids+=($!)
ask() { curl -sf --get "http://127.0.0.1:$port/api/v1/$1" "${@:2}"; }
until ask status/buildinfo >/dev/null; do sleep 0.2; kill -0 "${pids[1]}"; done

# Three send; a fourth finds no room now and then, and is told so with 503. While the three still send, the last seconds are looked at.
send() { bin/wince simulate --url "https://$(cat "$dir/data/address")" --data "$dir/data" --clip testdata/clips/pain.ivf "$@"; }
send --streams 3 --seconds "$seconds" --loss 2 --capture 60 >"$dir/simulate.txt" 2>&1 &
simulate=$!
for _ in 1 2 3 4; do
  sleep $(((seconds - 10) / 4))
  send --streams 1 --seconds 2 >"$dir/refused.txt" 2>&1 && { echo 'a tablet found room where there should be none' >&2; exit 1; }
done
jobs=$(ask label/job/values --data-urlencode 'match[]=wince_build_info' | jq -c .data)
echo "jobs: $jobs"
failed=0
while IFS=$'\t' read -r panel expr; do
  # All jobs, as the dashboard begins; the interval that Grafana takes for a scrape each 15 s.
  q=${expr//'$__rate_interval'/1m}
  q=${q//'$job'/.*}
  # Over the last half minute: a moment without an observation, or with no number yet, is not an empty panel.
  answer=$(ask query_range --data-urlencode "query=$q" -d "start=$(($(date +%s) - 30))" -d "end=$(date +%s)" -d step=5 || echo '{"status":"error"}')
  found=$(jq -r 'if .status != "success" then "error" else [.data.result[].values | select(any(.[1] != "NaN"))] | length end' <<<"$answer")
  last=$(jq -r '[.data.result[]? | (.metric | to_entries | map(select(.key | IN("le", "instance", "job", "__name__") | not).value) | join(" ")) as $name | "\($name) \(.values[-1][1] | tonumber * 10000 | round / 10000)"] | join(", ")' <<<"$answer")
  mark=ok
  case $found in
    error) mark=ERROR failed=1 ;;
    0) mark=EMPTY failed=1 ;;
  esac
  printf '%-8s %s: %s\n         %s series: %s\n' "$mark" "$panel" "$expr" "$found" "$last"
done < <(jq -r '.panels[] | .title as $t | .targets[]? | [$t, .expr] | @tsv' docker/grafana.json | sed 's/\\\\/\\/g')
wait "$simulate" || true
exit $failed
