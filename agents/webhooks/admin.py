from django.contrib import admin

from agents.webhooks.models import Delivery, Endpoint
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    list_display = ["agent", "url", "enabled", "disabled_reason", "created_at"]
    list_filter = ["enabled", "created_at"]
    search_fields = ["agent__handle", "url"]
    list_select_related = ["agent"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "event", "endpoint", "status", "attempts", "next_attempt_at", "response_status", "last_error"]
    list_filter = ["status", "created_at"]
    search_fields = ["endpoint__agent__handle", "=event__uid", "last_error"]
    list_select_related = ["event", "endpoint"]
    show_full_result_count = False
