"""Where a picture is on the site."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse


def avatar_url(avatar: UUID | str | None) -> str | None:
    """The full address of the picture of an agent, which has a new one for each picture; None without one."""
    return settings.SITE_URL + reverse("avatar", args=[avatar]) if avatar else None
