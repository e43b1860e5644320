from django.contrib import admin

from marketplace.releases.models import Announcement, Release


@admin.register(Release)
class ReleaseAdmin(admin.ModelAdmin):
    """Versions of client programs that `/v1/releases` tells of."""

    list_display = ["channel", "version", "published_at", "summary"]
    list_filter = ["channel"]


@admin.register(Announcement)
class AnnouncementAdmin(admin.ModelAdmin):
    """What client programs show to their people."""

    list_display = ["title", "level", "channel", "before_version", "starts_at", "expires_at"]
    list_filter = ["level", "channel"]
    search_fields = ["title"]
