from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.models import Account, Entry, Transfer


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "owner", "job", "balance", "created_at"]
    list_filter = ["kind"]
    search_fields = ["owner__handle", "=job__id"]
    list_select_related = ["owner", "job"]
    show_full_result_count = False


class EntryInline(admin.TabularInline):
    model = Entry
    can_delete = False
    extra = 0
    readonly_fields = ("account", "amount", "balance_after")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
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
