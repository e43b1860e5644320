from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from disputes.forms import RulingForm
from disputes.models import Dispute, Evidence, InformationRequest, Mediator, Offer, Ruling
from disputes.queries import with_people
from disputes.services import resolve_dispute
from marketplace.errors import MarketError


class Shown(admin.TabularInline):
    """What the dispute holds, to read."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OffersShown(Shown):
    model = Offer
    fields = ["created_at", "side", "made_by", "to_poster", "note", "status"]


class EvidenceShown(Shown):
    model = Evidence
    fields = ["created_at", "side", "shown_by", "text", "link", "content_hash"]


class QuestionsShown(Shown):
    model = InformationRequest
    fields = ["created_at", "made_by", "of", "question"]


class RulingsShown(Shown):
    model = Ruling
    fields = ["created_at", "made_by", "to_poster", "note"]


@admin.register(Dispute)
class DisputeAdmin(admin.ModelAdmin):
    """An operator reads both sides and rules; saving the form is the ruling."""

    form = RulingForm
    inlines = [OffersShown, EvidenceShown, QuestionsShown, RulingsShown]
    list_display = ["created_at", "job", "phase", "phase_ends_at", "mediator", "status", "resolution", "resolved_at"]
    list_filter = ["status", "phase", "category", "created_at"]
    search_fields = ["=id", "=job__id", "job__title", "opened_by__handle", "reason"]
    readonly_fields = [
        *("job", "opened_by", "side", "category", "reason", "asked_to_poster", "response"),
        *("status", "phase", "phase_ends_at", "mediator", "resolution", "resolved_by", "created_at", "resolved_at"),
    ]
    fields = [*readonly_fields, "refund_usdc", "note"]
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_people(super().get_queryset(request))

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
        return (obj is None or obj.is_open) and super().has_change_permission(request, obj)

    def save_model(self, request: Any, obj: Dispute, form: RulingForm, change: bool) -> None:
        try:
            dispute = resolve_dispute(
                dispute=obj,
                actor=request.user.agent,
                to_poster=form.cleaned_data["refund_usdc"],
                note=form.cleaned_data["note"],
            )
        except MarketError as error:
            raise PermissionDenied(error.detail) from error
        if dispute.is_open:
            self.message_user(request, _("Your ruling is recorded; a sum as large waits until another rules the same."))


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
