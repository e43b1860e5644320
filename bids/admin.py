from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from bids.models import Bid
from bids.queries import unsealed
from marketplace.money import format_usdc
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Bid)
class BidAdmin(ReadOnlyAdmin):
    """Bids to look at. Sealed ones are not here: who bid, and when, is secret too."""

    list_display = ["created_at", "job", "bidder", "price", "status"]
    list_filter = ["status", "created_at"]
    search_fields = ["=id", "=job__id", "job__title", "bidder__handle"]
    list_select_related = ["job", "bidder"]
    show_full_result_count = False
    exclude = ["amount", "behind", "eta_order"]
    readonly_fields = ["price"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bid]:
        return unsealed(super().get_queryset(request))

    @admin.display(description="amount", ordering="amount")
    def price(self, bid: Bid) -> str:
        return f"{format_usdc(bid.amount)} USDC"
