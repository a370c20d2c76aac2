"""Follows a run over server-sent events, and resumes: Python 3.9 or newer, no packages."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from http.client import HTTPException

URL = os.environ.get("API_URL", "http://localhost:4000/graphql")

RESEARCH = """
subscription ($topics: [String!]!) {
  runWorkflow(input: { research: { topics: $topics } }) {
    __typename
    ... on RunEvent { seq node }
    ... on ProgressEvent { status fraction }
    ... on CitationEvent { title }
    ... on MessageChunk { content }
    ... on RunStatusEvent { runStatus }
  }
}
"""

# A server that is there says something every 12 seconds.
TIMEOUT_SECONDS = 30


class Refused(Exception):
    """What trying again would not change; `errors` are GraphQL's."""

    def __init__(self, errors):
        super().__init__("; ".join(error["message"] for error in errors))
        self.errors = errors


def follow(query, variables, on_connected=lambda response: None):
    """Yields each result of a subscription once, in order, through lost connections, to its end."""
    # The id names the run until the first result has come: a retry attaches, and starts no other.
    operation = {
        "query": query,
        "variables": variables,
        "extensions": {"operationId": str(uuid.uuid4())},
    }
    last_event_id = None
    retries = 0
    while True:
        request = urllib.request.Request(
            URL,
            data=json.dumps(operation).encode(),
            headers={"content-type": "application/json", "accept": "text/event-stream"},
        )
        if last_event_id is not None:
            request.add_header("last-event-id", last_event_id)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                if response.status == 204:  # nothing comes behind the cursor, now or ever
                    return
                on_connected(response)
                for event, data, event_id in read_events(response):
                    if event == "complete":
                        return
                    last_event_id = event_id or last_event_id
                    if event != "next" or data is None:
                        continue
                    result = json.loads(data)
                    if "errors" in result and "data" not in result:
                        raise Refused(result["errors"])
                    retries = 0
                    yield result
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise Refused(json.load(error)["errors"]) from error
        except (OSError, HTTPException, ValueError):
            pass  # the connection was lost
        time.sleep(min(0.25 * 2**retries, 15))
        retries += 1


def read_events(lines):
    """The events of a stream: type, data, id. One that was cut off, without its blank line, is none."""
    fields = {}
    for line in lines:
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif fields and not line.strip():
            yield fields.get("event", "message"), fields.get("data"), fields.get("id")
            fields = {}


def main():
    connections = []
    seqs = []
    last = None
    for result in follow(RESEARCH, {"topics": ["tides", "sand"]}, connections.append):
        last = result["data"]["runWorkflow"]
        seqs.append(last["seq"])
        said = last.get("status") or last.get("title") or last.get("content") or last.get("runStatus")
        print(f"{last['seq']:>3} {last['__typename']:<15} {said or last['node'] or ''}")
        if last["seq"] in (4, 12, 20):
            connections[-1].close()
            print("    ── connection cut ──")
    assert last is not None and last["runStatus"] == "SUCCEEDED", last
    assert seqs == list(range(1, len(seqs) + 1)), seqs
    assert len(connections) == 4, connections
    print(f"✔ 1 to {len(seqs)}, each once and in order, over 3 lost connections")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
