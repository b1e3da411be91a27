#!/usr/bin/env python3
"""Tells EventHorizon what happened on a page, waits until it is counted, and prints the page's totals.

    publish.py 127.0.0.1:6379 blog:hello visit
    publish.py 127.0.0.1:6379 blog:hello like --reader 00000000000000000000000000000007

All names of streams, keys and fields come from docs/contract.md. Nothing but Python's standard library is used.
"""

import argparse, json, secrets, socket, sys, time, urllib.parse, uuid


def address(text):
    parts = urllib.parse.urlsplit(f"//{text}")
    return parts.hostname, parts.port or 6379


def connect(redis):
    return socket.create_connection(redis, timeout=3).makefile("rwb")


def call(connection, *words):
    """Says a command and answers what Redis says: text, nothing, or a list of these."""
    bulks = [b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words)]
    connection.write(b"*%d\r\n%s" % (len(bulks), b"".join(bulks)))
    connection.flush()
    return answer(connection)


def answer(connection):
    line = connection.readline()
    kind, text = line[:1], line[1:]
    if kind == b"$" and text != b"-1\r\n":
        text = connection.read(int(text) + 2)
    if not text.endswith(b"\r\n"):
        raise ConnectionError("the connection ended")
    if kind == b"*":
        return [answer(connection) for _ in range(int(text))]
    if kind == b"-":
        sys.exit(f"Redis says: {text.decode().strip()}")
    return None if line == b"$-1\r\n" else text[:-2].decode(errors="replace")


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def place(entry):
    return [int(number) for number in entry.split("-")]


def new_id():
    """A UUID of version 7: 48 bits for the milliseconds since 1970, and randomness behind them."""
    random = secrets.randbits(12) << 64 | secrets.randbits(62)
    return uuid.UUID(int=time.time_ns() // 1_000_000 << 80 | 7 << 76 | 2 << 62 | random)


def publish(redis, event):
    """Answers the id of the entry. Without an answer it may be there or not; by the event's id it counts once."""
    for _ in range(5):
        try:
            return call(connect(redis), "XADD", "analytics:events", "*", "event", json.dumps(event))
        except OSError as error:
            print(f"No answer: {error}", file=sys.stderr)
            time.sleep(1)
    sys.exit(f"Redis does not answer. To try again later, add: --id {event['id']}")


def is_done(connection, entry):
    """Whether an accumulator has read the entry and acknowledged it, which it does once the totals are told."""
    for group in map(pairs, call(connection, "XINFO", "GROUPS", "analytics:events")):
        if group["name"] == "accumulators" and place(group["last-delivered-id"]) >= place(entry):
            return not call(connection, "XPENDING", "analytics:events", "accumulators", entry, entry, "1")
    return False


def refusal(connection, entry):
    """Why the entry holds no event, if it holds none."""
    refused = call(connection, "XRANGE", "analytics:refused", entry.split("-")[0], "+")
    reasons = {pairs(fields)["entry"]: pairs(fields)["reason"] for _, fields in refused}
    return reasons.get(entry)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("redis", type=address, metavar="HOST[:PORT]")
    parser.add_argument("topic", help="`site`, or `blog:` and a slug")
    parser.add_argument("type", help="visit, like, unlike, comment or moderate")
    parser.add_argument("--id", type=uuid.UUID, default=new_id(), help="that of an event which is told again")
    for field in ("visitor", "reader", "body", "author", "parent", "comment", "verdict"):
        parser.add_argument("--" + field)
    arguments = vars(parser.parse_args())
    redis, topic = arguments.pop("redis"), arguments["topic"]
    event = {name: value for name, value in arguments.items() if value is not None}
    # The time is read from the id, because an event that is told again has to bring both as before.
    event |= {"v": 1, "id": event["id"].hex, "at": event["id"].int >> 80}
    # What lies outside this window is thrown away, and nobody but the accumulator's log says so.
    if not -3600 < time.time() - event["at"] / 1000 < 30 * 24 * 3600:
        parser.error("argument --id: it has to be a UUID of version 7, and of the last 30 days")

    entry = publish(redis, event)
    connection, patience = connect(redis), time.monotonic() + 30
    while not is_done(connection, entry):
        if time.monotonic() > patience:
            sys.exit("The event is in the stream, but nobody counts it. Does an accumulator run?")
        time.sleep(0.05)
    if reason := refusal(connection, entry):
        sys.exit(f"The event was refused: {reason}")
    print(call(connection, "GET", f"stats:{{{topic}}}"))


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"Redis does not answer: {error}")
