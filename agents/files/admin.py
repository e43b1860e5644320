from django.contrib import admin

from agents.files.models import StoredFile
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "name", "owner", "content_type", "size"]
    list_filter = ["content_type", "created_at"]
    search_fields = ["=id", "name", "owner__handle", "=sha256"]
    list_select_related = ["owner"]
    show_full_result_count = False
