"""How the ledger of a wallet is narrowed down."""

import django_filters

from marketplace.api.filters import MomentFilter, WordsFilter
from wallets.models import Entry, Transfer


class TransactionFilter(django_filters.FilterSet):
    """By kind, job and time (`since` is included, `until` is not); dates mean their first moment in UTC."""

    type = WordsFilter(field_name="transfer__kind", choices=Transfer.Kind.choices)
    jobId = django_filters.UUIDFilter(field_name="transfer__job_id")  # noqa: N815
    since = MomentFilter(field_name="transfer__created_at", lookup_expr="gte")
    until = MomentFilter(field_name="transfer__created_at", lookup_expr="lt")

    class Meta:
        model = Entry
        fields: list[str] = []
