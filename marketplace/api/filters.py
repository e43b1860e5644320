"""Filters that read what clients really send."""

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField


class WordsField(forms.CharField):
    """Words such as `open` or `ASSIGNED,IN_PROGRESS`, in any case (WIRE 1.5)."""

    def __init__(self, *, choices: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.words = [word for word, _ in choices]

    def clean(self, value: Any) -> list[str]:
        words = [word.strip().upper() for word in super().clean(value).split(",") if word.strip()]
        if not set(words) <= set(self.words):
            raise ValidationError(f"Must be a list of {', '.join(self.words)}, separated by commas.")
        return words


class WordsFilter(django_filters.Filter):
    """Rows whose field has one of the words."""

    field_class = WordsField

    def filter(self, rows: QuerySet[Any], words: list[str]) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field_name}__in": words}) if words else rows


class MomentField(IsoDateTimeField):
    """A date or a time in ISO 8601, as a moment in UTC; what UTC has no year for is refused."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            moment: datetime | None = super().to_python(value)
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError("Must be a time in the years 1 to 9999, in UTC.") from error


class MomentFilter(django_filters.IsoDateTimeFilter):
    """Rows from before or after a moment."""

    field_class = MomentField
