#!/usr/bin/env python3
"""Tells EventHorizon what happened on a page, waits until it is counted, and prints the page's totals.

    publish.py redis://127.0.0.1 blog:hello visit
    publish.py redis://127.0.0.1 blog:hello like reader=00000000000000000000000000000007

Further fields of the event come last, and `id=…` if it is told again. All names are those of docs/contract.md.
Besides Python (3.9) it needs redis-cli (7.0), which comes with every Redis and speaks its protocol.
"""

import json, secrets, subprocess, sys, time


def redis(*words):
    """What Redis answers. It may be asked twice: an event counts once by its id, and everything else only reads."""
    argv = ["redis-cli", "-2", "-e", "--json", "--no-auth-warning", "-u", url, *words]
    for _ in range(5):
        try:
            said = subprocess.run(argv, check=True, timeout=3, capture_output=True, encoding="utf-8", errors="replace")
            return json.loads(said.stdout)
        except FileNotFoundError:
            sys.exit("redis-cli is missing. It comes with every Redis (Debian: apt-get install redis-tools)")
        except subprocess.SubprocessError as error:
            print(f"It failed: {(error.stderr or 'no answer in three seconds').strip()}", file=sys.stderr)
        time.sleep(1)
    sys.exit(f"Given up. To tell the event again, add: id={event['id']}")


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def place(entry):
    return [int(number) for number in entry.split("-")]


def wait_for(entry):
    """Until an accumulator has read the entry and acknowledged it, which it does once the totals are told."""
    for _ in range(300):
        groups = {group["name"]: group for group in map(pairs, redis("XINFO", "GROUPS", "analytics:events"))}
        read = "accumulators" in groups and place(groups["accumulators"]["last-delivered-id"]) >= place(entry)
        if read and not redis("XPENDING", "analytics:events", "accumulators", entry, entry, "1"):
            return
        time.sleep(0.1)
    sys.exit("The event is in the stream, but nobody counts it. Does an accumulator run?")


try:
    url, topic, kind, *fields = sys.argv[1:]
    # A UUID of version 7: milliseconds since 1970, the version and the variant, with randomness behind both.
    new_id = f"{time.time_ns() // 1_000_000:012x}7{secrets.randbits(12):03x}8{secrets.randbits(60):015x}"
    event = {"id": new_id} | dict(field.split("=", 1) for field in fields)
    # The time is read from the id, because an event that is told again has to bring both as before.
    event |= {"v": 1, "topic": topic, "type": kind, "at": int(event["id"].replace("-", "")[:12], 16)}
except ValueError:
    sys.exit(__doc__)
# What lies outside this window is thrown away, and nobody but the accumulator's log says so.
if not -3600 < time.time() - event["at"] / 1000 < 30 * 24 * 3600:
    sys.exit("The id has to be a UUID of version 7, and of the last 30 days")

entry = redis("XADD", "analytics:events", "*", "event", json.dumps(event))
wait_for(entry)
for _, refused in redis("XRANGE", "analytics:refused", entry.split("-")[0], "+"):
    if pairs(refused)["entry"] == entry:
        sys.exit(f"The event was refused: {pairs(refused)['reason']}")
print(redis("GET", f"stats:{{{topic}}}"))
