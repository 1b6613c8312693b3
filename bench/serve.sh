#!/usr/bin/env bash
# serve.sh PROGRAM RAW_LOOP ITEMS.tsv [SECONDS]: `semid serve` beside an epoll loop that sends the same bytes, by wrk with 64 keep-alive
# connections on loopback: each endpoint, then the loop, turn by turn, and the share. Needs wrk and curl.
#   items one: the same item again and again; items all: items in turn, which the first time come from the catalogue
set -euo pipefail
program=$1 raw=$2 items=$3 seconds=${4:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-bench.XXXXXX")
server= loop=
trap 'kill $server $loop 2>/dev/null || true; wait; rm -rf "$work"' EXIT
"$program" fit "$items" -o "$work/catalog" -q
"$program" serve "$work/catalog" --port 18701 --drain-s 0 -q &
server=$!
until curl -sf -o /dev/null localhost:18701/readyz; do sleep 0.05; done
sleep 2 # labels

# rate URL [SCRIPT]: requests a second
rate() {
    wrk -t1 -c64 -d"${seconds}s" ${2:+-s "$2"} "$1" >"$work/wrk"
    if grep -q 'Non-2xx' "$work/wrk"; then
        cat "$work/wrk" >&2
        exit 1
    fi
    awk '/Requests\/sec/ { print $2 }' "$work/wrk"
}
# beside NAME PATH [SCRIPT]
beside() {
    curl -s -i "localhost:18701$2" >"$work/answer"
    "$raw" 18702 "$work/answer" &
    loop=$!
    sleep 0.2
    ours=$(rate "http://127.0.0.1:18701$2" ${3:-})
    floor=$(rate "http://127.0.0.1:18702$2" ${3:-})
    kill $loop && wait $loop 2>/dev/null || true
    loop=
    awk -v name="$1" -v ours="$ours" -v floor="$floor" -v size="$(wc -c <"$work/answer")" \
        'BEGIN { printf "%-12s %7d bytes  %9.0f requests/s  raw loop %9.0f  share %.2f\n", name, size, ours, floor, ours / floor }'
}

id=$(awk -F'\t' 'NR == 2 { print $1 }' "$items")
sid=$(curl -s "localhost:18701/v1/items/$id" | sed 's/.*"sid":"\([0-9]*\)-.*/\1/')
awk -F'\t' 'NR > 1 && NR <= 12001 { print $1 }' "$items" >"$work/ids"
cat >"$work/all.lua" <<END
local ids, at = {}, 0
for line in io.lines("$work/ids") do ids[#ids + 1] = line end
request = function()
    at = at % #ids + 1
    return wrk.format("GET", "/v1/items/" .. ids[at])
end
END
beside livez /livez
beside "item one" "/v1/items/$id"
beside "items all" "/v1/items/$id" "$work/all.lua"
beside "prefix 100" "/v1/prefix/$sid?limit=100"
