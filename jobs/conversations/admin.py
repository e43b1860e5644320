from django.contrib import admin

from jobs.conversations.models import Message
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "conversation", "sender", "content"]
    list_filter = ["created_at"]
    search_fields = ["=conversation__job__id", "sender__handle"]
    list_select_related = ["conversation", "sender"]
    show_full_result_count = False
