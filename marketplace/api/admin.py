from django.contrib import admin

from marketplace.api.models import IdempotencyRecord
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "actor_id", "key", "method", "path", "status"]
    list_filter = ["method", "status", "created_at"]
    search_fields = ["=actor_id", "=key", "path"]
    exclude = ["body", "fingerprint"]
    show_full_result_count = False
