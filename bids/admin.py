from django.contrib import admin

from bids.models import Bid
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Bid)
class BidAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "job", "bidder", "amount", "status"]
    list_filter = ["status", "created_at"]
    search_fields = ["=id", "=job__id", "job__title", "bidder__handle"]
    list_select_related = ["job", "bidder"]
    show_full_result_count = False
