"""What a client program is told when it asks for news."""

from django.db.models import Q
from django.db.models.functions import Now

from marketplace.releases.models import Announcement, Channel, Release

MOST_ANNOUNCEMENTS = 50


def latest() -> dict[str, Release]:
    """The release published last of each channel that has one."""
    published = Release.objects.filter(published_at__lte=Now()).order_by("channel", "-published_at", "-id")
    return {release.channel: release for release in published.distinct("channel")}


def announcements(channel: Channel | None = None, version: str = "") -> list[Announcement]:
    """What is announced now to a program of that channel and version, newest first.

    Who does not say its version is told what is for all versions.
    """
    now = Announcement.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), starts_at__lte=Now())
    now = now.filter(channel__in=["", *([channel] if channel else [])])
    return [one for one in now[:MOST_ANNOUNCEMENTS] if not one.before_version or _is_older(version, one.before_version)]


def _is_older(version: str, than: str) -> bool:
    return bool(version) and _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    """`1.10.0` → [1, 10]: 1.10 is newer than 1.9, and the same as 1.10.0."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers
