"""Lists that go on from where the last page ended: no COUNT, no OFFSET, stable while rows are added (FEATURES J3)."""

import re
from collections.abc import Sequence
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import F, Field, Func, Model, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.errors import Invalid

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Row(Func):
    """SQL's row constructor: rows compare column by column, which one index answers."""

    function = "ROW"
    output_field = TextField()


class KeysetPagination(BasePagination):
    """Pages by `cursor` and `limit` along the view's `ordering`, all of one direction and ending in a unique column.

    A cursor is the ordering columns of the last row, signed together with their names: opaque, and good for any
    filters. Raises Invalid naming `cursor` or `limit`.
    """

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        ordering: Sequence[str] = view.get_ordering() if hasattr(view, "get_ordering") else view.ordering  # type: ignore[union-attr]
        self.columns = [name.removeprefix("-") for name in ordering]
        self.descending = all(name.startswith("-") for name in ordering)
        assert self.descending or not any(name.startswith("-") for name in ordering), "one direction only"
        self.signer = Signer(salt=f"cursor:{','.join(ordering)}")
        limit = _parse_limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
        if cursor := request.query_params.get("cursor"):
            queryset = self._after(queryset, self._read(cursor))
        rows = list(queryset.order_by(*ordering)[: limit + 1])
        self.next_cursor = self._write(rows[limit - 1]) if len(rows) > limit else None
        return rows[:limit]

    def _after(self, queryset: QuerySet[Any], values: Sequence[Any]) -> QuerySet[Any]:
        """Rows beyond those values: one comparison of tuples."""
        comes_after = LessThan if self.descending else GreaterThan
        fields = [_field(queryset.model, column) for column in self.columns]
        last = [Value(field.to_python(value), output_field=field) for field, value in zip(fields, values, strict=True)]
        return queryset.filter(comes_after(Row(*map(F, self.columns)), Row(*last)))

    def _write(self, row: Any) -> str:
        values = [_field(type(row), column).value_from_object(row) for column in self.columns]
        return self.signer.sign_object([value if isinstance(value, int) else str(value) for value in values])

    def _read(self, cursor: str) -> list[Any]:
        try:
            return self.signer.unsign_object(cursor)
        except BadSignature as error:
            raise Invalid.field("cursor", "Use the nextCursor of the page before, unchanged.") from error

    def get_paginated_response(self, data: Any) -> Response:
        response = Response(data)
        # The total is unknown on purpose: counting costs more than the page. Clients want the key (WIRE 1.5).
        response.meta = {"nextCursor": self.next_cursor, "total": None}  # type: ignore[attr-defined]
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


def _field(model: type[Model], column: str) -> "Field[Any, Any]":
    return model._meta.get_field(column)  # type: ignore[return-value]
