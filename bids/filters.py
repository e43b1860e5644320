"""How a poster narrows the list of bids down."""

import django_filters
from django.db.models import QuerySet

from bids.models import Bid
from bids.sorting.models import Pile
from bids.sorting.queries import in_piles


class BidFilter(django_filters.FilterSet):
    """`pile` for bids that the poster put there; for others it narrows nothing, since it is not theirs to know."""

    pile = django_filters.ChoiceFilter(choices=Pile.choices, method="of_pile", help_text="For the poster alone.")

    class Meta:
        model = Bid
        fields: list[str] = []

    def of_pile(self, bids: QuerySet[Bid], name: str, pile: str) -> QuerySet[Bid]:
        """Those that lie there."""
        return in_piles(bids, pile)
