from django.contrib import admin

from jobs.reviews.models import Review
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "job", "reviewer", "subject", "role", "rating", "revealed_at", "text"]
    list_filter = ["role", "rating", "created_at"]
    search_fields = ["=job__id", "reviewer__handle", "subject__handle"]
    list_select_related = ["job", "reviewer", "subject"]
    show_full_result_count = False
