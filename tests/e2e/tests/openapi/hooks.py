"""Hooks of schemathesis: what an OpenAPI document cannot say."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """Removes references to comments that do not exist: `parent` must be a comment of the page."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if isinstance(case.body, dict):
        case.body.pop("parent", None)
