from django.contrib import admin

from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.audit.models import AuditReport, Seal


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ["number", "horizon", "transfers", "hash", "created_at"]
    search_fields = ["=number", "hash", "root"]
    ordering = ["-number"]
    readonly_fields = ["statement"]
    show_full_result_count = False


@admin.register(AuditReport)
class AuditReportAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "is_sound", "finding_count", "entries", "checks", "finished_at"]
    ordering = ["-started_at"]
    date_hierarchy = "started_at"
    show_full_result_count = False

    @admin.display(boolean=True, description="sound")
    def is_sound(self, report: AuditReport) -> bool:
        return report.sound
