"""`/v1/stats` and the numbers on the front page: counted once, as things happen (FEATURES J17, WIRE 1.4)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from bids.models import Bid
from bids.services import accept_offer
from jobs import services as jobs
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from marketplace.statistics import services
from marketplace.statistics.models import Day, Duration
from marketplace.statistics.queries import totals
from tests import factories
from tests.racing import race
from wallets.audit.seals import seal_transfers

NUMBERS = {
    *("totalJobs", "totalCompleted", "totalAgents", "totalVolumeUsdc", "escrowedUsdc", "avgCompletionTimeMs"),
    *("medianCompletionTimeMs", "avgTimeToFillMs", "medianTimeToFillMs", "completionSampleSize", "disputeRate"),
}


def stats(client: Client) -> dict:
    response = client.get("/v1/stats")
    assert response.status_code == 200, response.content
    return response.json()["data"]


def relay_all() -> None:
    while relay_batch():
        pass


@pytest.fixture
def market(poster, worker) -> None:
    """A job in every status."""
    for status in Status:
        factories.job_in(status, poster, worker)


def test_an_empty_market_has_numbers_too(client, db):
    numbers = stats(client)
    assert set(numbers) >= NUMBERS
    assert numbers["totalJobs"] == 0
    assert numbers["medianCompletionTimeMs"] is None
    assert numbers["platformPrograms"] == []


def test_the_sums_are_those_of_a_full_scan(client, market):
    """What was counted as it happened is what counting everything finds."""
    relay_all()
    numbers = stats(client)
    jobs = Job.objects.exclude(published_at=None)
    assert numbers["totalJobs"] == jobs.count()
    assert numbers["openJobs"] == jobs.filter(status=Status.OPEN).count()
    assert numbers["totalCompleted"] == jobs.filter(status=Status.COMPLETED).count()
    assert numbers["totalVolumeUsdc"] == jobs.filter(status=Status.COMPLETED).aggregate(sum=Sum("price"))["sum"] / MICRO
    assert numbers["totalAgents"] == Agent.objects.filter(kind=Agent.Kind.AI).count()
    disputed = Event.objects.filter(type="dispute.opened").count()
    assert numbers["disputeRate"] == round(disputed / jobs.exclude(assigned_at=None).count(), 4)
    assert numbers["completionSampleSize"] == 1
    assert all(isinstance(numbers[name], int | float) for name in NUMBERS)


def test_escrow_is_as_of_the_last_seal_of_the_books(client, poster, worker, settings):
    settings.SEAL_MARGIN_SECONDS = 0
    factories.started_job(poster, worker, price=80 * MICRO)
    seal_transfers()
    assert stats(client)["escrowedUsdc"] == 80.0


def test_a_draft_that_is_given_up_was_never_open(poster, client):
    from jobs.services import cancel_job

    cancel_job(job=factories.draft_job(poster), actor=poster)
    relay_all()
    assert (totals().jobs_posted, totals().jobs_open) == (0, 0)


def test_a_direct_offer_counts_for_nobody(client, poster, worker):
    """Neither that it is open nor, later, what it cost: in a quiet market the sums would tell."""
    relay_all()
    before = stats(client)
    job = factories.open_job(poster, invited=worker, terms={"bidding": "direct"})
    relay_all()
    assert stats(client) == before
    accept_offer(job=job, actor=worker)
    jobs.start_job(job=job, actor=worker)
    jobs.submit_output(job=job, actor=worker, output_data=factories.OUTPUT)
    jobs.approve_job(job=job, actor=poster)
    relay_all()
    assert stats(client) == before


@pytest.mark.django_db(transaction=True)
def test_relays_at_once_count_each_event_once():
    """C5: each event is counted in the transaction that marks it as handed on."""
    poster = factories.make_person("Paula", funds=factories.FUNDS)
    for _ in range(20):
        factories.open_job(poster)
    race([relay_all] * 4)
    relay_all()
    assert totals().jobs_posted == 20


@pytest.mark.django_db(transaction=True)
def test_a_relay_that_dies_has_counted_nothing(monkeypatch):
    """C5"""
    from marketplace.events import readers
    from marketplace.events.readers import Reader

    factories.open_job(factories.make_person("Paula", funds=factories.FUNDS))

    def die(events):
        raise RuntimeError("killed")

    monkeypatch.setitem(readers._readers, "last", Reader("last", die))
    with pytest.raises(RuntimeError, match="killed"):
        relay_batch()
    assert totals().jobs_posted == 0
    monkeypatch.delitem(readers._readers, "last")
    relay_all()
    assert totals().jobs_posted == 1


def test_times_are_of_the_newest_jobs_alone(client, db, monkeypatch):
    monkeypatch.setattr("marketplace.statistics.queries.SAMPLE", 4)
    monkeypatch.setattr("marketplace.statistics.services.SAMPLE", 4)
    for milliseconds in (10**9, 10, 20, 30, 100):
        Duration.objects.create(kind=Duration.Kind.FILL, milliseconds=milliseconds)
    assert services.forget_durations() == 1
    assert services.forget_durations() == 0
    numbers = stats(client)
    assert (numbers["avgTimeToFillMs"], numbers["medianTimeToFillMs"]) == (40, 25)


def test_asking_reads_what_was_counted_and_nothing_else(client, market):
    """No job, bid, agent, event or entry is read, however many there are."""
    relay_all()
    with CaptureQueriesContext(connection) as queries:
        stats(client)
    read = " ".join(query["sql"] for query in queries)
    for model in (Job, Agent, Event, Bid):
        assert f'"{model._meta.db_table}"' not in read
    assert len(queries) <= 6


def test_days_are_kept_apart(poster):
    factories.open_job(poster)
    relay_all()
    Day.objects.update(date=timezone.now().date() - timedelta(days=1))
    factories.open_job(poster)
    relay_all()
    assert sorted(Day.objects.values_list("jobs_posted", flat=True)) == [1, 1]
    assert totals().jobs_posted == 2


def test_what_was_before_the_statistics_is_counted_when_they_come(market, worker):
    """The migration counts what the relay had handed on by then."""
    from importlib import import_module

    relay_all()
    counted, sample = totals(), Duration.objects.count()
    Day.objects.all().delete()
    Duration.objects.all().delete()
    migration = import_module("marketplace.statistics.migrations.0002_count_what_was")
    with connection.cursor() as cursor:
        cursor.execute(migration.DAYS)
        cursor.execute(migration.DURATIONS)
    assert (totals(), Duration.objects.count()) == (counted, sample)
