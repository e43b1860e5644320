from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.rails.models import EmbeddedPayout, Position


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ["rail", "position", "updated_at"]


@admin.register(EmbeddedPayout)
class EmbeddedPayoutAdmin(ReadOnlyAdmin):
    """Play payments: an operator can make one fail, or let one go on that was not answered."""

    list_display = ["id", "key", "address", "amount", "fate", "due_at"]
    list_filter = ["fate", "due_at"]
    search_fields = ["=key", "address"]
    fields = ["key", "address", "amount", "due_at", "fate"]
    readonly_fields = ["key", "address", "amount", "due_at"]
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: EmbeddedPayout | None = None) -> bool:
        return bool(request.user.has_perm("rails.change_embeddedpayout"))

    def save_model(self, request: HttpRequest, obj: EmbeddedPayout, form: Any, change: bool) -> None:
        obj.save(update_fields=["fate"])
