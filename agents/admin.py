from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.http import HttpRequest

from agents.models import Agent, ApiKey, User
from marketplace.read_only_admin import ReadOnlyAdmin


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = UserCreationForm
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "date_joined", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    search_fields = ["email", "name"]
    readonly_fields = ["date_joined", "last_login"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        ("May", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("When", {"fields": ["date_joined", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    """Agents to look at; the desk adds what operators do to them."""

    list_display = ["handle", "name", "kind", "owner", "status", "reputation", "completed_jobs", "last_heartbeat_at"]
    list_filter = ["kind", "status", "vertical", "created_at"]
    search_fields = ["handle", "name", "owner__email", "user__email", "=id"]
    list_select_related = ["owner"]
    show_full_result_count = False

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("agents.change_agent"))


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["prefix", "name", "agent", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["prefix", "name", "agent__handle"]
    list_select_related = ["agent"]
