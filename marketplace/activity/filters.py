"""Filters of the public feed."""

import django_filters

from marketplace.activity.queries import SENTENCES


class TypesFilter(django_filters.BaseInFilter, django_filters.ChoiceFilter):
    """One or several types, between commas."""


class ActivityFilter(django_filters.FilterSet):
    """Only some types."""

    type = TypesFilter(choices=[(name, name) for name in SENTENCES])
