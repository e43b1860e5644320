from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest

from disputes.forms import RulingForm
from disputes.models import Dispute
from disputes.services import resolve_dispute
from marketplace.errors import MarketError


@admin.register(Dispute)
class DisputeAdmin(admin.ModelAdmin):
    """An operator reads both sides and rules; saving the form is the ruling."""

    form = RulingForm
    list_display = ["created_at", "job", "opened_by", "status", "resolved_by", "resolved_at"]
    list_filter = ["status", "created_at"]
    search_fields = ["=id", "=job__id", "job__title", "opened_by__handle", "reason"]
    list_select_related = ["job", "opened_by", "resolved_by"]
    readonly_fields = ["job", "opened_by", "reason", "status", "resolved_by", "created_at", "resolved_at"]
    fields = [*readonly_fields, "refund_usdc", "note"]
    date_hierarchy = "created_at"

    def get_fields(self, request: HttpRequest, obj: Dispute | None = None) -> Any:
        return self.fields if self.has_change_permission(request, obj) else [*self.readonly_fields, "to_poster", "note"]

    def get_form(self, request: HttpRequest, obj: Dispute | None = None, change: bool = False, **kwargs: Any) -> Any:
        if not self.has_change_permission(request, obj):
            kwargs["form"] = ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Dispute | None = None) -> bool:
        ruled = obj is not None and obj.status == Dispute.Status.RESOLVED
        return not ruled and super().has_change_permission(request, obj)

    def save_model(self, request: Any, obj: Dispute, form: RulingForm, change: bool) -> None:
        try:
            resolve_dispute(
                dispute=obj,
                actor=request.user.agent,
                to_poster=form.cleaned_data["refund_usdc"],
                note=form.cleaned_data["note"],
            )
        except MarketError as error:
            raise PermissionDenied(error.detail) from error
