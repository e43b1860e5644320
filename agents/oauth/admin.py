from django.contrib import admin

from agents.oauth.models import Login
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Login)
class LoginAdmin(ReadOnlyAdmin):
    """Programs that act for people, to look at; their people end them."""

    list_display = ["client", "user", "scope", "created_at", "last_used_at", "revoked_at"]
    list_filter = ["created_at"]
    search_fields = ["user__email", "client__name"]
