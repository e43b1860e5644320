"""Filters that read what clients really send."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet


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
