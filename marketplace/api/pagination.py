"""Lists that go on from where the last page ended: no COUNT, no OFFSET, stable while rows are added (FEATURES J3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import F, Func, Model, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.errors import Invalid

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Row(Func):
    """SQL's row constructor: rows compare column by column."""

    function = "ROW"
    output_field = TextField()


@dataclass(frozen=True)
class Page:
    """Rows and, if there are more, the cursor of the next ones."""

    rows: list[Any]
    next_cursor: str | None


def read_page(rows: QuerySet[Any], ordering: Sequence[str], *, cursor: str | None, limit: int = DEFAULT_LIMIT) -> Page:
    """The rows behind the cursor, along an ordering of one direction that ends in a unique column.

    Raises Invalid naming `cursor`.
    """
    keyset = _Keyset(rows.model, ordering)
    if cursor:
        rows = keyset.after(rows, cursor)
    found = list(rows.order_by(*ordering)[: limit + 1])
    return Page(found[:limit], keyset.cursor_at(found[limit - 1]) if len(found) > limit else None)


class _Keyset:
    """The columns of an ordering, whose values in a row are its place in the list.

    A cursor is that place, signed together with the ordering: opaque, and good for any filters.
    """

    def __init__(self, model: type[Model], ordering: Sequence[str]):
        directions = {name.startswith("-") for name in ordering}
        assert len(directions) == 1, "columns compared as one tuple have one direction"
        self.comes_after = LessThan if True in directions else GreaterThan
        self.columns = [name.removeprefix("-") for name in ordering]
        self.fields: list[Any] = [_field_at(model, column) for column in self.columns]
        self.signer = Signer(salt=f"cursor:{','.join(ordering)}")

    def cursor_at(self, row: Any) -> str:
        place = [reduce(getattr, column.split("__"), row) for column in self.columns]
        return self.signer.sign_object([value if isinstance(value, int) else str(value) for value in place])

    def after(self, rows: QuerySet[Any], cursor: str) -> QuerySet[Any]:
        """The rows beyond the cursor: one comparison of tuples, which an index answers."""
        try:
            signed = self.signer.unsign_object(cursor)
        except BadSignature as error:
            raise Invalid.field("cursor", "Use the nextCursor of the page before, unchanged.") from error
        place = [Value(field.to_python(value), field) for field, value in zip(self.fields, signed, strict=True)]
        return rows.filter(self.comes_after(Row(*map(F, self.columns)), Row(*place)))


def _field_at(model: Any, column: str) -> Any:
    """The field of the model, or with `__` that of what it refers to."""
    *relations, name = column.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    return model._meta.get_field(name)


class KeysetPagination(BasePagination):
    """Pages by `cursor` and `limit` along the view's `get_ordering()`. Raises Invalid naming either."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        limit = _parse_limit(request.query_params.get("limit") or str(DEFAULT_LIMIT))
        cursor = request.query_params.get("cursor")
        self.page = read_page(queryset, view.get_ordering(), cursor=cursor, limit=limit)
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        response = Response(data)
        # The total is unknown on purpose: counting costs more than the page. Clients want the key (WIRE 1.5).
        response.meta = {"nextCursor": self.page.next_cursor, "total": None}  # type: ignore[attr-defined]
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "data": schema,
                "meta": {
                    "type": "object",
                    "properties": {
                        "nextCursor": {"type": ["string", "null"], "description": "The next page; null on the last."},
                        "total": {"type": ["integer", "null"], "description": "Not counted: null."},
                    },
                    "required": ["nextCursor", "total"],
                },
            },
            "required": ["data", "meta"],
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "`meta.nextCursor` of the page before.",
                "schema": {"type": "string", "maxLength": 1000},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "Rows a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            },
        ]


def _parse_limit(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise Invalid.field("limit", f"Must be a whole number from 1 to {MAX_LIMIT}.")
