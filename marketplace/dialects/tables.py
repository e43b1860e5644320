"""Tables for the pages of docs/, made from those that the code uses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def changed_terms(changes: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """What a dialect's Terms change in those of the market."""
    rows = [(f"`{name}`", f"`{value}`", f"`{defaults.get(name)}`") for name, value in changes.items()]
    return table(["term", "here", "elsewhere"], rows)
