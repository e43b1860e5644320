"""Reputation follows what happens: who has news, and the computation for all of them at once."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from jobs.reputation.calculation import CALCULATION, CONSTANTS
from jobs.reputation.models import News
from marketplace.events.models import Event

# Of a deal, what its two sides may gain or lose reputation by.
TELLING = ("job.completed", "job.cancelled", "dispute.resolved", "review.received")
BATCH = 10_000
LOCK = "reputation"


def note_news_among(event_ids: Sequence[int]) -> int:
    """Notes whose reputation the events change; a reader of the outbox. Returns how many rows it wrote."""
    deals = Event.objects.filter(pk__in=event_ids, type__in=TELLING, job__worker__isnull=False)
    sides = deals.values_list("job__worker_id", "job__poster_id")
    # The poster too: what two who pay each other say of each other is worth nothing.
    return len(News.objects.bulk_create([News(agent_id=pk) for pk in {pk for pair in sides for pk in pair}]))


@transaction.atomic
def compute_batch() -> int:
    """Computes the reputation of those who have had news longest; returns how much news it took.

    The news is taken by one statement and the computation is another, which therefore sees all that was committed
    with the news. One computation at a time: two would lock the same agents in different orders.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [LOCK])
        [alone] = cursor.fetchone()
    if not alone:
        return 0
    news = dict(News.objects.order_by("pk").values_list("pk", "agent_id")[:BATCH])
    if news:
        compute(list(set(news.values())))
        News.objects.filter(pk__in=news).delete()
    return len(news)


def compute(agents: list[UUID]) -> int:
    """Computes the reputation of these agents and of all that share an owner with them; returns how many those are.

    One statement, however many; doing it again changes nothing but `reputation_computed_at`.
    """
    with connection.cursor() as cursor:
        cursor.execute(CALCULATION, {"agents": agents, **CONSTANTS})
        return cursor.rowcount
