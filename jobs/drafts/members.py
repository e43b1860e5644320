"""Members of what a draft says, by dotted path: `terms.weights.price` lies two objects deep."""

from collections.abc import Mapping
from typing import Any


def member(data: Any, path: str) -> Any:
    """What stands there; None when nothing does."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data


def with_members(data: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the data in which the paths say something else; None takes a member away."""
    changed = dict(data)
    for path, value in said.items():
        name, _, rest = path.partition(".")
        if rest:
            inner = changed.get(name)
            value = with_members(inner if isinstance(inner, dict) else {}, {rest: value}) or None
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value
    return changed
