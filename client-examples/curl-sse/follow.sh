#!/bin/sh
# Follows runs with nothing but curl, over connections that end every second. POSIX shell.
set -eu

url=${API_URL:-http://localhost:4000/graphql}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# One connection, which --max-time cuts. What came last is brought back as Last-Event-ID.
connect() { # address, body
  curl --silent --show-error --no-buffer --max-time "${MAX_TIME:-1}" "$1" \
    --header 'content-type: application/json' --header 'accept: text/event-stream' \
    --header "last-event-id: $(cat "$work/last-id")" --data "$2" \
    --write-out 'status: %{http_code}\n' 2>"$work/errors" || {
    # 28 is --max-time; anything else is said.
    [ $? -eq 28 ] || cat "$work/errors" >&2
  }
}

# Server-sent events: an event counts once its blank line has come, so that one that was cut is not
# taken, and comes again.
read_events() {
  id='' event='message' data=''
  while IFS= read -r line; do
    case $line in
    'id: '*) id=${line#id: } ;;
    'event: '*) event=${line#event: } ;;
    'data: '*) data=${line#data: } ;;
    '')
      [ -z "$id" ] || printf %s "$id" >"$work/last-id"
      [ "$event" != complete ] || touch "$work/complete"
      if [ -n "$data" ]; then
        printf '%s\n' "$data" | tee -a "$work/events"
      fi
      event='message' data=''
      ;;
    'status: 204') touch "$work/complete" ;; # Nothing comes behind the last id, now or ever.
    '{'*) # No stream, but a refusal.
      printf '%s\n' "$line" >&2
      touch "$work/complete"
      ;;
    esac
  done
}

# Connects again until the stream says that it is complete.
follow() { # address, body
  : >"$work/last-id"
  : >"$work/events"
  rm -f "$work/complete"
  connections=0
  while [ ! -e "$work/complete" ]; do
    connections=$((connections + 1))
    [ "$connections" -le 100 ] || fail "the run has not ended over 100 connections"
    connect "$1" "$2" | read_events
    [ -e "$work/complete" ] || echo '  ── cut off, and back with the last id ──'
  done
}

fail() {
  echo "✘ $1" >&2
  exit 1
}

echo 'GraphQL over server-sent events:'
# The run's id is ours, so that a connection that is cut before its first event starts no second run.
run_id=curl-$(date +%s)-$$
follow "$url" '{
  "query": "subscription ($runId: ID!) { runWorkflow(runId: $runId, input: { report: { items: [\"a\", \"b\", \"c\", \"d\"] } }) { __typename ... on RunEvent { seq } ... on ProgressEvent { status fraction } ... on RunStatusEvent { runStatus } } }",
  "variables": { "runId": "'"$run_id"'" }
}'
seqs=$(sed -n 's/.*"extensions":{.*"seq":\([0-9]*\).*/\1/p' "$work/events")
count=$(echo "$seqs" | wc -l | tr -d ' ')
[ "$seqs" = "$(seq 1 "$count")" ] || fail "these seqs came, and not 1 to n: $(echo "$seqs" | tr '\n' ' ')"
tail -n 1 "$work/events" | grep -q '"runStatus":"SUCCEEDED"' || fail 'the run did not succeed'
first=$connections

echo
echo 'Without GraphQL, by POST /stream/report:'
follow "${url%/graphql}/stream/report" '{ "items": ["a", "b", "c", "d"] }'
# A step for each item, then what the node made of them.
steps=$(sed -n 's/.*"status":"Processing \(.\)".*/\1/p' "$work/events" | tr -d '\n')
[ "$steps" = abcd ] || fail "these steps came, and not a, b, c, d: $steps"
tail -n 1 "$work/events" | grep -q '"results":\["A","B","C","D"\]' || fail 'the output did not come'

echo "✔ 1 to $count over $first connections, and four steps over $connections without GraphQL, each once"
