"""Lists by `limit` and `offset`, as other APIs have them: bounded, so that no page costs much more than the first."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.dialects.serializers import DialectParameters

# Rows that are counted, and the farthest offset. What lies beyond is found by narrowing the list down.
FARTHEST = 10_000
MOST = 100


class PageParameters(DialectParameters):
    """Which part of a list."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    offset = serializers.IntegerField(min_value=0, max_value=FARTHEST, required=False)


def bounded_count(rows: QuerySet[Any]) -> int:
    """How many rows there are, FARTHEST if there are more: an index is read that far and no farther."""
    return rows.order_by()[:FARTHEST].count()
