"""Hooks of schemathesis: what an OpenAPI document cannot say."""

import unicodedata

import schemathesis

# The names of custom events that the run sends. A page has at most 64 of them.
NAMES = set()


def cut(text, limit):
    """Returns the text without the characters beyond a number of bytes."""
    return text.encode()[:limit].decode(errors="ignore")


def event_name(text):
    """Returns a name with at most 120 bytes, which is one of a few."""
    name = cut(unicodedata.normalize("NFC", text).strip(), 100).strip()
    if len(NAMES) < 60:
        NAMES.add(name)
    return name if name in NAMES else min(NAMES)


# The metrics that have all dimensions and filters but that of custom events.
GROUPED = ["visitors", "visits", "pageviews", "bounce_rate"]

# The names of times, and of custom events.
TIMES = ("time", "hour", "day", "week", "month")
EVENTS = ("event", "event:goal")


def is_time(dimension):
    """Returns whether the dimension is a time."""
    return dimension.split(":")[0] in TIMES


def whole(number):
    """Returns an integer without a fraction: for JSON Schema, 1.0 is an integer, too."""
    return int(number) if isinstance(number, float) else number


def answerable(query):
    """Changes a query of a report, so that its parts fit together."""
    query["pagination"] = {name: whole(number) for name, number in query.get("pagination", {}).items()}
    filters = query.get("filters", [])
    query["filters"] = [part[:2] + [[whole(value) for value in part[2]]] for part in filters]
    dimensions = query.get("dimensions", [])
    times = [dimension for dimension in dimensions if is_time(dimension)]
    # A dimension has two names, and only one of them may be a time.
    others = [dimension for dimension in dimensions if not is_time(dimension)]
    dimensions = times[:1] + others[:1]
    names = dimensions + [part[1] for part in query.get("filters", [])]
    metrics = [metric for metric in query["metrics"] if metric in GROUPED] or GROUPED[:1]
    query["metrics"] = ["events"] if any(name in EVENTS for name in names) else metrics
    if query["metrics"] == ["events"]:
        names = EVENTS + ("page", "event:page")
        query["filters"] = [part for part in query.get("filters", []) if part[1] in names]
        dimensions = [name for name in dimensions if is_time(name) or name in names]
    query["dimensions"] = dimensions
    query["order_by"] = [part for part in query.get("order_by", []) if part[0] in query["metrics"] + dimensions]
    if isinstance(query["date_range"], list):
        query["date_range"] = ["2026-11-01", "2026-11-30"]
    if "include" in query and (not times or query["date_range"] == "all"):
        query["include"].pop("time_labels", None)


def file_parameters(case):
    """Changes the parameters of a file, so that they fit together."""
    query = case.query or {}
    if "from" in query or "to" in query:
        case.query.update({"from": "2026-11-01", "to": "2026-11-30"})
    if case.path_parameters["name"] == "events":
        query.pop("source", None)


# The largest size of a query, in bytes of UTF-8. With a larger one, the head of the request could exceed its limit.
MAX_QUERY = 4096


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps to what the server requires beyond the document: limits in bytes, and comments that exist."""
    if case.meta is None:
        return
    is_valid = case.meta.generation.mode.is_positive
    pages = (case.query or {}).get("page")
    if isinstance(pages, list) and sum(len(str(page).encode()) for page in pages) > MAX_QUERY:
        case.query["page"] = [cut(page, 512).strip("/") or "/" for page in pages[:4]] if is_valid else ["//"]
    if is_valid and case.path == "/reports/{name}.csv":
        file_parameters(case)
    body = case.body
    if not is_valid or not isinstance(body, dict):
        return
    # `parent` must be a comment of the page.
    body.pop("parent", None)
    if case.path == "/api/v2/query":
        answerable(body)
    if case.path.startswith("/events"):
        body["name"] = event_name(body["name"])
        properties = body.get("properties", {}).items()
        if properties:
            body["properties"] = {cut(k, 64): cut(v, 500) if isinstance(v, str) else v for k, v in properties}
