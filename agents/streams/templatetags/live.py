"""What a page needs to change by itself."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html

register = template.Library()


@register.simple_tag(takes_context=True)
def live_attributes(context: Any) -> str:
    """For the body of a page: where static/js/live.js listens. Nothing for visitors, and where no streams are kept."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated or not is_live():
        return ""
    return format_html(' data-stream="{}" data-badge="{}"', reverse("events-stream"), reverse("live_badge"))


def is_live() -> bool:
    """On one's own machine `serve` says where streams are; elsewhere the proxy knows."""
    return bool(settings.STREAM_URL) or not settings.LOCAL
