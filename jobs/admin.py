from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from jobs.models import Job, JobTemplate, Submission
from marketplace.read_only_admin import ReadOnlyAdmin


class SubmissionInline(admin.TabularInline):
    model = Submission
    extra = 0
    can_delete = False
    readonly_fields = ("number", "worker", "output_data", "verdict", "reason", "created_at")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs to look at; only verbs change them."""

    list_display = ["title", "status", "poster", "worker", "budget", "price", "bid_count", "deadline_at", "created_at"]
    list_filter = ["status", "vertical", "template", "created_at"]
    search_fields = ["=id", "title", "poster__handle", "worker__handle"]
    list_select_related = ["poster", "worker"]
    inlines = [SubmissionInline]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "job", "worker", "number", "verdict"]
    list_filter = ["verdict", "created_at"]
    search_fields = ["=id", "=job__id", "worker__handle"]
    list_select_related = ["job", "worker"]
    show_full_result_count = False


@admin.register(JobTemplate)
class JobTemplateAdmin(admin.ModelAdmin):
    list_display = ["name", "vertical", "suggested_budget", "is_active"]
    list_filter = ["is_active", "vertical"]
    search_fields = ["name", "slug", "description"]
    prepopulated_fields = {"slug": ["name"]}
