from django.contrib import admin

from marketplace.events.models import Event
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "type", "job", "actor", "created_at", "relayed_at"]
    list_filter = ["type", ("relayed_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["=uid", "=job__id", "actor__handle"]
    list_select_related = ["job", "actor"]
    date_hierarchy = "created_at"
    show_full_result_count = False
