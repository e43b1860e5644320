"""When a delivery is tried again (SURVIVE, Standard Webhooks: recommended schedule)."""

import random
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from django.utils import timezone

from agents.webhooks.egress import Answer

# Waits between attempts: eleven over three days.
WAITS = [
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
MOST_JITTER = timedelta(minutes=15)
SLOW_DOWN = timedelta(seconds=60)
LONGEST_RETRY_AFTER = timedelta(hours=24)
SLOW_DOWN_STATUSES = frozenset({429, 502, 504})


def wait_after(attempts_before: int, answer: Answer) -> timedelta | None:
    """How long until the next attempt, or None after the last. Jitter is only added, so nothing comes early."""
    if attempts_before >= len(WAITS):
        return None
    wait = WAITS[attempts_before]
    wait += random.uniform(0, 1) * min(MOST_JITTER, wait * 0.2)  # noqa: S311  (spreads load, keeps no secret)
    if answer.timed_out or answer.status in SLOW_DOWN_STATUSES:
        wait = max(wait, SLOW_DOWN)
    return max(wait, min(_asked_for(answer.retry_after), LONGEST_RETRY_AFTER))


def _asked_for(retry_after: str) -> timedelta:
    """Retry-After as seconds or as a date (RFC 9110, 10.2.3); nothing if it is neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return timedelta(seconds=int(retry_after[:6]))
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):  # a year of eleven digits
        return timedelta()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - timezone.now()
