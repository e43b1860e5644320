from django.contrib import admin

from jobs.agreements.models import Agreement, EarlyEnd
from marketplace.read_only_admin import ReadOnlyAdmin


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "job", "side", "kind", "status"]
    list_filter = ["kind", "status"]
    list_select_related = ["job"]


@admin.register(EarlyEnd)
class EarlyEndAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "job", "how"]
    list_filter = ["how"]
    list_select_related = ["job"]
