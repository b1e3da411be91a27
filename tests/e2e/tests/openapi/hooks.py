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


@schemathesis.hook
def before_call(context, case, kwargs):
    """Removes references to comments that do not exist, and keeps to the limits of custom events, which are in bytes."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    body = case.body
    if not isinstance(body, dict):
        return
    # `parent` must be a comment of the page.
    body.pop("parent", None)
    if case.path.startswith("/events"):
        body["name"] = event_name(body["name"])
        properties = body.get("properties", {}).items()
        if properties:
            body["properties"] = {cut(k, 64): cut(v, 500) if isinstance(v, str) else v for k, v in properties}
