from django.contrib import admin

from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.models import Account, Entry, Transfer


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "owner", "job", "balance", "created_at"]
    list_filter = ["kind"]
    search_fields = ["owner__handle", "=job__id"]
    list_select_related = ["owner", "job"]
    show_full_result_count = False


class EntryInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Entry
    can_delete = False
    extra = 0
    fields = readonly_fields = ["account", "amount", "balance_after"]

    def has_add_permission(self, request, obj=None) -> bool:  # type: ignore[no-untyped-def]
        return False


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "key", "job"]
    list_filter = ["kind", "created_at"]
    search_fields = ["key", "=id", "=job__id"]
    list_select_related = ["job"]
    inlines = [EntryInline]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["id", "transfer", "account", "amount", "balance_after"]
    list_filter = ["account__kind", "transfer__kind"]
    search_fields = ["=transfer__id", "transfer__key", "account__owner__handle"]
    list_select_related = ["transfer", "account"]
    show_full_result_count = False
