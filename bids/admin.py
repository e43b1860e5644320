from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from bids.models import Bid
from jobs.queries import is_sealed
from marketplace.read_only_admin import ReadOnlyAdmin

SEALED = ("amount", "cover_letter", "eta_minutes", "reason", "score", "behind", "eta_order")
HIDDEN = "sealed"


@admin.register(Bid)
class BidAdmin(ReadOnlyAdmin):
    """Bids to look at. What is sealed is sealed for operators too: it can be neither read, sorted nor filtered by."""

    list_display = ["created_at", "job", "bidder", "price", "status"]
    list_filter = ["status", "created_at"]
    search_fields = ["=id", "=job__id", "job__title", "bidder__handle"]
    list_select_related = ["job", "bidder"]
    show_full_result_count = False

    @admin.display(description="amount")
    def price(self, bid: Bid) -> str | int:
        return HIDDEN if is_sealed(bid.job) else bid.amount

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Bid | None:
        bid: Bid | None = super().get_object(request, object_id, from_field)
        if bid is not None and is_sealed(bid.job):
            for name in SEALED:
                setattr(bid, name, None)
        return bid

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup.split("__")[0] not in SEALED and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
