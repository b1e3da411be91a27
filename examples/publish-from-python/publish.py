#!/usr/bin/env python3
"""Publishes an event of a page to EventHorizon, waits until it is counted, and prints the page's totals.

    publish.py redis://127.0.0.1 blog:hello visit
    publish.py redis://127.0.0.1 blog:hello like reader=00000000000000000000000000000007
    publish.py redis://127.0.0.1 blog:hello custom name=download properties.file=guide.pdf

Other fields of the event follow, and `id=…` to send an event again. docs/contract.md defines all names.
Needs Python 3.9 and redis-cli 7.0, which is part of every Redis.
"""

import json, secrets, subprocess, sys, time


def redis(*words):
    """Returns the reply of Redis. Retries are safe: an event counts once by its id, and other commands only read."""
    argv = ["redis-cli", "-2", "-e", "--json", "--no-auth-warning", "-u", url, *words]
    for _ in range(5):
        try:
            reply = subprocess.run(argv, check=True, timeout=3, capture_output=True, encoding="utf-8", errors="replace")
            return json.loads(reply.stdout)
        except FileNotFoundError:
            sys.exit("redis-cli is missing. It comes with every Redis (Debian: apt-get install redis-tools)")
        except subprocess.SubprocessError as error:
            print(f"redis-cli failed: {(error.stderr or 'no reply in three seconds').strip()}", file=sys.stderr)
        time.sleep(1)
    sys.exit(f"Giving up. To send the event again, add: id={event['id']}")


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def parse_entry_id(entry):
    return [int(number) for number in entry.split("-")]


def wait_for(entry):
    """Waits until an accumulator has acknowledged the entry, which it does after publishing the totals."""
    for _ in range(300):
        groups = {group["name"]: group for group in map(pairs, redis("XINFO", "GROUPS", "analytics:events"))}
        group = groups.get("accumulators", {"last-delivered-id": "0-0"})
        is_read = parse_entry_id(group["last-delivered-id"]) >= parse_entry_id(entry)
        if is_read and not redis("XPENDING", "analytics:events", "accumulators", entry, entry, "1"):
            return
        time.sleep(0.1)
    sys.exit("The event is in the stream, but no accumulator counts it. Is one running?")


try:
    url, topic, kind, *fields = sys.argv[1:]
    # A UUID of version 7: milliseconds since 1970, then random bits around the version and the variant.
    new_id = f"{time.time_ns() // 1_000_000:012x}7{secrets.randbits(12):03x}8{secrets.randbits(60):015x}"
    event = {"id": new_id}
    for name, value in (field.split("=", 1) for field in fields):
        group, _, key = name.partition(".")
        (event.setdefault(group, {}) if key else event)[key or name] = value
    # The time comes from the id, so that an event that is sent again has the same time.
    event |= {"v": 1, "topic": topic, "type": kind, "at": int(event["id"].replace("-", "")[:12], 16)}
except ValueError:
    sys.exit(__doc__)
# An event outside this window is rejected, which only the log of the accumulator shows.
if not -3600 < time.time() - event["at"] / 1000 < 30 * 24 * 3600:
    sys.exit("The id must be a UUID of version 7 from the last 30 days")

entry = redis("XADD", "analytics:events", "*", "event", json.dumps(event))
wait_for(entry)
for _, refused in redis("XRANGE", "analytics:refused", entry.split("-")[0], "+"):
    if pairs(refused)["entry"] == entry:
        sys.exit(f"The event was rejected: {pairs(refused)['reason']}")
print(redis("GET", f"stats:{{{topic}}}"))
