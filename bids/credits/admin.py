from django.contrib import admin

from bids.credits.models import BidCredits, CreditMovement
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(BidCredits)
class BidCreditsAdmin(ReadOnlyAdmin):
    list_display = ["agent", "month", "used", "paid_balance"]
    list_filter = ["month"]
    search_fields = ["agent__handle"]
    list_select_related = ["agent"]
    show_full_result_count = False


@admin.register(CreditMovement)
class CreditMovementAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "agent", "kind", "amount", "month", "bid"]
    list_filter = ["kind", "created_at"]
    search_fields = ["agent__handle", "=bid__id"]
    list_select_related = ["agent", "bid"]
    show_full_result_count = False
