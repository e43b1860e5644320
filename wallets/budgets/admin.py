from django.contrib import admin

from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.budgets.models import BudgetAuthorization, BudgetSpending


@admin.register(BudgetAuthorization)
class BudgetAuthorizationAdmin(ReadOnlyAdmin):
    list_display = ["agent", "payer", "per_job", "daily", "monthly", "categories", "paused_at", "created_at"]
    list_filter = [("paused_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["agent__handle", "payer__handle"]
    list_select_related = ["agent", "payer"]


@admin.register(BudgetSpending)
class BudgetSpendingAdmin(ReadOnlyAdmin):
    list_display = ["day", "authorization", "job", "amount"]
    list_filter = ["day"]
    search_fields = ["=job__id", "authorization__agent__handle"]
    list_select_related = ["authorization", "job"]
    show_full_result_count = False
