from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.webhooks import operators
from agents.webhooks.models import Attempt, Delivery, Endpoint
from marketplace.errors import MarketError
from marketplace.read_only_admin import ReadOnlyAdmin


class ReasonForm(ActionForm):
    """What is done to somebody's endpoint has a reason."""

    reason = forms.CharField(max_length=200, required=False, label="Reason, for the owner to read:")


class FailingFilter(admin.SimpleListFilter):
    title = "failing"
    parameter_name = "failing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Nothing arrives"), ("no", "All is well")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
        if self.value() is None:
            return queryset
        return queryset.filter(failing_since__isnull=self.value() == "no")


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """Endpoints to look at, to stop and to let go on; nobody sees their secrets."""

    list_display = ["agent", "name", "url", "status", "failing_since", "disabled_reason", "created_at"]
    list_filter = ["status", FailingFilter, "created_at"]
    search_fields = ["=id", "agent__handle", "agent__owner__email", "name", "url", "disabled_reason"]
    list_select_related = ["agent"]
    show_full_result_count = False
    readonly_fields = ["log"]
    action_form = ReasonForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions = ["pause", "resume", "disable", "resend_failed"]

    @admin.display(description="deliveries")
    def log(self, endpoint: Endpoint) -> SafeString:
        address = reverse("admin:webhooks_delivery_changelist")
        return format_html('<a href="{}?endpoint__id__exact={}">Its deliveries</a>', address, endpoint.pk)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("webhooks.change_endpoint"))

    @admin.action(description="Pause the chosen endpoints", permissions=["operate"])
    def pause(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._set_status(request, endpoints, Endpoint.Status.PAUSED)

    @admin.action(description="Resume the chosen endpoints", permissions=["operate"])
    def resume(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._set_status(request, endpoints, Endpoint.Status.ACTIVE)

    @admin.action(description="Disable the chosen endpoints", permissions=["operate"])
    def disable(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._set_status(request, endpoints, Endpoint.Status.DISABLED)

    @admin.action(description="Send again what was given up", permissions=["operate"])
    def resend_failed(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        _resend(self, request, Delivery.objects.filter(endpoint__in=endpoints))

    def _set_status(self, request: Any, endpoints: QuerySet[Endpoint], status: Endpoint.Status) -> None:
        reason = request.POST.get("reason", "")
        try:
            for endpoint in endpoints:
                operators.set_status(endpoint=endpoint, status=status, reason=reason, actor=request.user.agent)
        except MarketError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.message_user(request, f"Done for {len(endpoints)} endpoints.", messages.SUCCESS)


def _resend(where: admin.ModelAdmin, request: Any, deliveries: QuerySet[Delivery]) -> None:
    count = operators.resend_failed(deliveries=deliveries, actor=request.user.agent)
    said = f"{count} {'delivery is' if count == 1 else 'deliveries are'} sent now."
    where.message_user(request, said, messages.SUCCESS)


class AttemptInline(admin.TabularInline):
    model = Attempt
    can_delete = False
    extra = 0
    fields = ("number", "started_at", "latency_ms", "request_headers", "response_status", "response_body", "error")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "event", "endpoint", "status", "attempts", "next_attempt_at", "response_status", "last_error"]
    list_filter = ["status", "created_at"]
    search_fields = ["endpoint__agent__handle", "=endpoint__id", "=event__uid", "last_error"]
    list_select_related = ["event", "endpoint"]
    show_full_result_count = False
    inlines = [AttemptInline]
    actions = ["resend"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "endpoint__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("webhooks.change_delivery"))

    @admin.action(description="Send again those that were given up", permissions=["operate"])
    def resend(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        _resend(self, request, deliveries)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ["id", "delivery", "number", "started_at", "latency_ms", "response_status", "error"]
    list_filter = ["response_status", "started_at"]
    search_fields = ["=delivery__id", "=delivery__endpoint__id"]
    list_select_related = ["delivery"]
    show_full_result_count = False
