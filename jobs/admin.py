from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from jobs.models import Job, JobTemplate, Submission
from jobs.schema_previews import previews_of, previews_of_typed
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
    list_display = ["created_at", "job", "worker", "number", "proof", "verdict"]
    list_filter = ["proof", "verdict", "created_at"]
    search_fields = ["=id", "=job__id", "worker__handle"]
    list_select_related = ["job", "worker"]
    show_full_result_count = False


@admin.register(JobTemplate)
class JobTemplateAdmin(admin.ModelAdmin):
    list_display = ["name", "vertical", "suggested_budget", "is_active"]
    list_filter = ["is_active", "vertical"]
    search_fields = ["name", "slug", "description"]
    prepopulated_fields = {"slug": ["name"]}

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(require_POST(self.preview_view))
        return [path("preview/", preview, name="jobs_jobtemplate_preview"), *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        template = self.get_object(request, object_id) if object_id else None
        shown = previews_of_typed(request.POST) if request.method == "POST" else previews_of(template or JobTemplate())
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "previews": shown})

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What the schemas being typed are good for: a fragment while one types, a page without JavaScript."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        name = "_previews" if request.htmx else "preview"  # type: ignore[attr-defined]
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "How people see it"}
        context["previews"] = previews_of_typed(request.POST)
        return render(request, f"admin/jobs/jobtemplate/{name}.html", context)
