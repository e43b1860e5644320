from django.contrib import admin

from jobs.drafts.models import Draft
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ["title", "owner", "step", "created_at", "updated_at"]
    list_filter = ["step", "updated_at"]
    search_fields = ["=id", "owner__handle"]
    list_select_related = ["owner"]
    show_full_result_count = False
