"""From the outbox to its readers: every event once, in the order in which they were committed to it."""

from functools import partial

from django.db import connection, transaction
from django.db.models.functions import Now

from marketplace.events import readers
from marketplace.events.models import Event
from marketplace.events.services import wake

BATCH = 500
LOCK = "relay of events"


@transaction.atomic
def relay_batch() -> int:
    """Hands the next events to every reader; returns how many it took.

    One relay at a time: the rows that readers write are numbered in the order in which they can be seen, so that
    whoever has read up to a number has missed nothing below it. A second relay takes nothing; the first goes on.
    """
    if not _is_alone():
        return 0
    events = list(Event.objects.filter(relayed_at=None).order_by("id").values_list("id", flat=True)[:BATCH])
    if not events:
        return 0
    for reader in readers.registered():
        if reader.take(events) and reader.wakes:
            transaction.on_commit(partial(wake, reader.wakes))
    return Event.objects.filter(id__in=events).update(relayed_at=Now())


def _is_alone() -> bool:
    """Whether this transaction is the relay, until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [LOCK])
        [alone] = cursor.fetchone()
    return bool(alone)
