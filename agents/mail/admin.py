from django.contrib import admin

from agents.mail.models import Letter, Preference, RefusedAddress
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "rhythm", "status", "attempts", "due_at", "sent_at", "last_error"]
    list_filter = ["status", "rhythm", "created_at"]
    search_fields = ["=id", "user__email", "=address", "last_error"]
    list_select_related = ["user"]
    show_full_result_count = False


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ["user", "kind", "rhythm"]
    list_filter = ["kind", "rhythm"]
    search_fields = ["user__email"]
    list_select_related = ["user"]


@admin.register(RefusedAddress)
class RefusedAddressAdmin(ReadOnlyAdmin):
    """An operator who knows better deletes the row."""

    list_display = ["email", "reason", "refused_at"]
    search_fields = ["email", "reason"]

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return True
