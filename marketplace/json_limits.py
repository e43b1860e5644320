"""How deep and how long JSON from outside may be."""

import json
from typing import Any

from marketplace.errors import Invalid

MAX_DEPTH = 32
MAX_LENGTH = 256 * 1024


def require_limits(value: Any) -> None:
    """Raises Invalid for a value nested deeper than MAX_DEPTH levels or longer than MAX_LENGTH bytes of JSON."""
    if _is_too_deep(value):
        raise Invalid(f"Must not be nested deeper than {MAX_DEPTH} levels.")
    # Half a surrogate pair is for others to refuse; here it only has a length.
    if len(json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")) > MAX_LENGTH:
        raise Invalid(f"Must not be longer than {MAX_LENGTH} bytes of JSON.")


def readable_json(value: Any) -> str:
    """JSON for people to read; a sentence instead of what is nested too deep to be written."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except RecursionError:
        return "This data is nested too deep to be shown."


def _is_too_deep(value: Any) -> bool:
    """Level by level, so that no depth exhausts the stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [member for outer in level for member in _members(outer)]
    return any(isinstance(member, dict | list) for member in level)


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
