"""How the log of deliveries is narrowed down."""

import django_filters

from agents.webhooks.models import Delivery
from marketplace.api.filters import MomentFilter, WordsFilter


class DeliveryFilter(django_filters.FilterSet):
    """By status, type of event and time (`since` is included, `until` is not); dates mean their first moment in UTC."""

    status = WordsFilter(choices=Delivery.Status.choices)
    type = django_filters.CharFilter(field_name="event__type", max_length=50)
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields: list[str] = []
