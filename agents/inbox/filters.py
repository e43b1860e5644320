"""How an inbox is narrowed down."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from agents.inbox.models import Notification
from marketplace.events import types


class TypesField(forms.CharField):
    """Names of types of events, separated by commas."""

    def clean(self, value: Any) -> frozenset[str]:
        try:
            return types.names_in(super().clean(value))
        except LookupError as error:
            raise ValidationError(str(error)) from error


@extend_schema_field(OpenApiTypes.STR)
class TypesFilter(django_filters.Filter):
    field_class = TypesField

    def filter(self, rows: QuerySet[Any], names: frozenset[str]) -> QuerySet[Any]:
        return rows.filter(event__type__in=names) if names else rows


class NotificationFilter(django_filters.FilterSet):
    """`unread=true` for what nobody has read, `unread=false` for the rest; `type` for one or several kinds."""

    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")
    type = TypesFilter()

    class Meta:
        model = Notification
        fields: list[str] = []
