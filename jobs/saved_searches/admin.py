from django.contrib import admin

from jobs.saved_searches.models import SavedSearch
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "owner", "name", "alerts"]
    list_filter = ["alerts"]
    search_fields = ["owner__handle", "name"]
    list_select_related = ["owner"]
