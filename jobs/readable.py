"""Data that somebody handed over, as people read it: texts, lists, tables and trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs.schema_forms import LONG_TEXT, fillable, label_of

# Beyond these the raw view says the rest.
DEEPEST = 6
MOST_ITEMS = 200
MOST_COLUMNS = 8


@dataclass(frozen=True)
class Shape:
    """One value, ready to show. `kind` (text, prose, items, table, tree or json) says which of the others it has;
    `left_out` counts the items of a long list that are not among them."""

    kind: str
    text: str = ""
    items: Sequence[Shape] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Shape]] = ()
    facts: Sequence[Fact] = ()
    json: Any = None
    left_out: int = 0


@dataclass(frozen=True)
class Fact:
    """One property of some data."""

    label: str
    shape: Shape


def facts(data: Any, schema: Mapping[str, Any]) -> list[Fact]:
    """The data, property by property, in the words of the schema and in its order."""
    if not isinstance(data, dict):
        return [Fact(_("Data"), shape_of(data))] if data else []
    known = fillable(schema)
    order = [name for name in known if name in data] + [name for name in data if name not in known]
    return [Fact(label_of(name, known.get(name, {})), shape_of(data[name])) for name in order]


def shape_of(value: Any, depth: int = 0) -> Shape:
    """How the value is shown best. A text of several lines is taken for Markdown."""
    match value:
        case None | bool():
            return Shape("text", {True: _("Yes"), False: _("No"), None: "–"}[value])
        case str():
            return Shape("prose" if "\n" in value or len(value) > LONG_TEXT else "text", value)
        case dict() | list() if depth >= DEEPEST:
            return Shape("json", json=value)
        case dict():
            members = list(value.items())
            told = [Fact(label_of(name, {}), shape_of(one, depth + 1)) for name, one in members[:MOST_ITEMS]]
            return Shape("tree", facts=told, left_out=max(len(members) - MOST_ITEMS, 0))
        case list():
            return _list(value, depth)
    return Shape("text", str(value))


def _list(values: list[Any], depth: int) -> Shape:
    """Rows of a table if all are flat objects of much the same members, else one below the other."""
    shown, left_out = values[:MOST_ITEMS], max(len(values) - MOST_ITEMS, 0)
    columns = list(dict.fromkeys(name for one in shown if isinstance(one, dict) for name in one))
    if columns and len(columns) <= MOST_COLUMNS and all(_is_flat(one) for one in shown):
        rows = [[shape_of(one[name]) if name in one else Shape("text") for name in columns] for one in shown]
        return Shape("table", columns=[label_of(name, {}) for name in columns], rows=rows, left_out=left_out)
    return Shape("items", items=[shape_of(one, depth + 1) for one in shown], left_out=left_out)


def _is_flat(value: Any) -> bool:
    return isinstance(value, dict) and not any(isinstance(one, dict | list) for one in value.values())
