"""How lists of jobs and templates are narrowed down (FEATURES J6, WIRE 1.5)."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from jobs.listing import PARAMETERS
from jobs.models import JobTemplate


class ListingParameters(BaseFilterBackend):
    """Says in the document of the API what `jobs.listing` reads."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {"name": name, "in": "query", "schema": schema, "description": description}
            for name, (schema, description) in PARAMETERS.items()
        ]


class TemplateFilter(django_filters.FilterSet):
    vertical = django_filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = JobTemplate
        fields: list[str] = []
