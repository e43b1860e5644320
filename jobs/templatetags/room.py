"""What the page of a job is made of."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

register = template.Library()

# Of the time that there is for something: from here on it presses.
PRESSING_PERCENT = 80


@register.inclusion_tag("jobs/_countdown.html")
def countdown(label: str, ends_at: datetime, started_at: datetime | None) -> dict[str, Any]:
    """How much of the time between two moments is gone, and when it ends."""
    gone = 0
    if started_at is not None and ends_at > started_at:
        gone = round(100 * (timezone.now() - started_at) / (ends_at - started_at))
    gone = min(max(gone, 0), 100)
    return {"label": label, "ends_at": ends_at, "gone": gone, "presses": gone >= PRESSING_PERCENT}
