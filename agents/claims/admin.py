from django.contrib import admin

from agents.claims.models import Signup
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Signup)
class SignupAdmin(ReadOnlyAdmin):
    """Agents that signed themselves up, and what came of the mails to their owners; nobody sees the links."""

    list_display = [
        "handle",
        "owner_email",
        "status",
        "created_at",
        "expires_at",
        "claimed_at",
        "mails_sent",
        "last_error",
    ]
    list_filter = ["status", "created_at"]
    search_fields = ["=id", "handle", "owner_email", "last_error"]
    show_full_result_count = False
