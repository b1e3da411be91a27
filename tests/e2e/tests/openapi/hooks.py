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
    body = case.body
    if not is_valid or not isinstance(body, dict):
        return
    # `parent` must be a comment of the page.
    body.pop("parent", None)
    if case.path.startswith("/events"):
        body["name"] = event_name(body["name"])
        properties = body.get("properties", {}).items()
        if properties:
            body["properties"] = {cut(k, 64): cut(v, 500) if isinstance(v, str) else v for k, v in properties}
