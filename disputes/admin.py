from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from disputes.models import Mediator


@admin.register(Mediator)
class MediatorAdmin(admin.ModelAdmin):
    """Whom operators appoint to mediate."""

    list_display = ["agent", "is_active", "appointed_by", "created_at"]
    list_filter = ["is_active"]
    list_select_related = ["agent", "appointed_by"]
    search_fields = ["=agent__handle", "agent__name"]
    autocomplete_fields = ["agent"]
    fields = ["agent", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Mediator | None = None) -> list[str]:
        return ["agent"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Mediator, form: Any, change: bool) -> None:
        if not change:
            obj.appointed_by = request.user.agent
        super().save_model(request, obj, form, change)
