"""Reputations are computed from what happened, for everybody at once (issue 5; SURVIVE M1)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random

import pgtrigger
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, User
from agents.reputation import PRIOR
from bids.services import accept_bid, hire_agent
from disputes.offers import accept_offer
from disputes.services import open_dispute, resolve_dispute
from jobs import services as jobs
from jobs.agreements.services import give_back
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.reputation.models import News
from jobs.reputation.queries import work_records
from jobs.reputation.services import compute, compute_batch
from jobs.reputation.tasks import compute_reputation
from jobs.reviews.models import Review
from jobs.reviews.services import approve_and_review, give_review, reveal_reviews
from jobs.terms import Terms
from marketplace.events.relay import relay_batch
from marketplace.identifiers import uuid7
from marketplace.money import MICRO
from tests.factories import (
    assigned_job,
    completed_job,
    disputed_job,
    fund,
    make_agent,
    make_bid,
    make_person,
    open_job,
    started_job,
    submitted_job,
)
from tests.jobs.reputation.reference import expected
from tests.jobs.reputation.test_formula import PAGE
from tests.racing import race


class RolledBackError(Exception):
    pass


@contextmanager
def rolled_back() -> Iterator[None]:
    """For rows that no service made: gone before the oracle looks for the story behind them."""
    with pytest.raises(RolledBackError), transaction.atomic():
        yield
        raise RolledBackError


def catch_up() -> None:
    """What the relay and the task do in the background."""
    while relay_batch():
        pass
    compute_reputation()


def standing(agent: Agent) -> float:
    catch_up()
    agent.refresh_from_db()
    return agent.reputation


def rated_job(poster: Agent, worker: Agent, rating: int, **changes: object) -> Job:
    """A job whose stars can be read."""
    job = approve_and_review(job=submitted_job(poster, worker, **changes), actor=poster, rating=rating)
    return reveal_reviews(job=job)


def people(count: int) -> list[Agent]:
    """Agents of as many people, in a few statements."""
    users = User.objects.bulk_create([User(email=f"{uuid7()}@many.example") for _ in range(count)])
    return Agent.objects.bulk_create(
        [Agent(kind=Agent.Kind.HUMAN, user=user, name="Many", handle=f"many-{user.pk}") for user in users]
    )


def ended_job(poster: Agent, worker: Agent, **fields: object) -> Job:
    """A row as the verbs leave it."""
    now = timezone.now()
    dates = {"deadline_at": now, "started_at": now, "assigned_at": now, "completed_at": now}
    values = {"status": Status.COMPLETED, "price": 5 * MICRO, "budget": 5 * MICRO, "title": "T", **dates, **fields}
    terms = Terms.default(fund_on=values.pop("fund_on", "assign")).dump()
    return Job(poster=poster, payer=poster, worker=worker, terms=terms, **values)


def keep(deals: list[Job]) -> None:
    """Writes jobs that were no drafts."""
    with pgtrigger.ignore("jobs.Job:born_as_draft"):
        Job.objects.bulk_create(deals)


@pytest.mark.parametrize(("rating", "counts"), [(5, False), (4, False), (3, True), (1, True)])
def test_praise_of_work_that_was_paid_back_is_worth_nothing(poster, worker, rating, counts):
    """M1: it would cost nothing to give; blame counts all the same."""
    job = rated_job(poster, worker, rating, terms={"dispute_window_seconds": 3600})
    standing(worker)
    assert worker.rating_count == 1
    dispute = open_dispute(job=job, actor=poster, reason="Not what was agreed.", asked_to_poster=job.price)
    accept_offer(offer=dispute.offers.get(), actor=worker)
    assert standing(worker) == pytest.approx(expected(worker)[0])
    assert worker.rating_count == counts


def test_a_newcomer_stands_in_the_middle(worker):
    """Before anything was computed, and when there is nothing to compute from."""
    assert (worker.reputation, worker.reputation_computed_at) == (PRIOR, None)
    compute([worker.pk])
    worker.refresh_from_db()
    assert (worker.reputation, worker.rating_count) == (PRIOR, 0)
    assert worker.reputation_computed_at is not None


def test_the_example_of_the_page_is_what_the_database_computes(worker):
    """docs/reputation.md"""
    ann, ben = make_person("Ann", funds=100 * MICRO), make_person("Ben", funds=100 * MICRO)
    rated_job(ann, worker, 5, price=20 * MICRO)
    rated_job(ben, worker, 5, price=MICRO // 2)
    rated_job(ann, worker, 4, price=30 * MICRO)
    [example] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102  (our own page)
    assert standing(worker) == pytest.approx(names["example"]) == pytest.approx(0.621429, abs=1e-6)
    assert worker.track_record.evidence == names["known"]
    assert (worker.rating_average, worker.rating_count) == (pytest.approx(14 / 3), 3)


def test_stars_move_it_both_ways(poster):
    good, silent, bad = (make_agent() for _ in range(3))
    rated_job(poster, good, 5)
    completed_job(poster, silent)
    rated_job(poster, bad, 1)
    assert standing(good) > standing(silent) > PRIOR > standing(bad)


def test_late_work_costs_punctuality(poster, worker):
    """By the ETA of the bid, which is not the deadline of the job."""
    other = make_agent()
    job = open_job(poster)
    bid = make_bid(job, worker)
    type(bid).objects.filter(pk=bid.pk).update(eta_minutes=1)
    job = jobs.start_job(job=accept_bid(bid=bid, actor=poster).job, actor=worker)
    assert job.promised_at is not None
    Job.objects.filter(pk=job.pk).update(promised_at=timezone.now() - timedelta(minutes=1))
    jobs.submit_output(job=job, actor=worker, output_data={"text": "late"})
    jobs.approve_job(job=job, actor=poster)
    completed_job(poster, other)
    assert standing(worker) < standing(other)
    assert (worker.track_record.punctuality_good, worker.track_record.punctuality_jobs) == (0, 1)


def test_what_a_ruling_gives_back_is_lost(poster):
    operator = make_person("Olga", is_staff=True)
    won, halved, lost = (make_agent() for _ in range(3))
    for agent, share in ((won, 0), (halved, 0.5), (lost, 1)):
        dispute = disputed_job(poster, agent).disputes.get()
        resolve_dispute(dispute=dispute, actor=operator, to_poster=int(dispute.job.price * share), note="As I see it.")
    assert standing(won) > standing(halved) > PRIOR > standing(lost)
    assert (lost.track_record.completion_good, lost.track_record.disputes_good) == (0, 0)


@pytest.mark.parametrize("late", [False, True])
def test_a_job_given_up_before_work_began_counts_only_after_the_promised_time(poster, worker, late):
    """A client cannot spoil a record by hiring and cancelling; a worker that never begins spoils its own."""
    job = assigned_job(poster, worker)
    if late:
        Job.objects.filter(pk=job.pk).update(promised_at=timezone.now() - timedelta(hours=1))
    jobs.cancel_job(job=job, actor=poster)
    assert (standing(worker) < PRIOR) == late
    assert worker.track_record.completion_jobs == late


def test_who_never_asked_for_a_job_promised_nothing(poster, worker):
    job = hire_agent(job=open_job(poster), agent=worker, actor=poster)
    assert job.promised_at is None
    jobs.cancel_job(job=job, actor=poster)
    assert standing(worker) == PRIOR


@pytest.mark.parametrize("begun", [False, True])
def test_what_nobody_asked_for_is_given_back_for_nothing_until_it_is_begun(poster, worker, begun):
    """Nobody spoils a rival's record by hiring it: what was promised, by a bid or a beginning, is to be kept."""
    job = hire_agent(job=open_job(poster), agent=worker, actor=poster)
    if begun:
        jobs.start_job(job=job, actor=worker)
    give_back(job=job, actor=worker)
    assert (standing(worker) < PRIOR) == begun
    assert work_records([worker])[worker.pk].ended == begun
    asked = make_agent(name="Asked")
    give_back(job=assigned_job(poster, asked), actor=asked)
    assert standing(asked) < PRIOR


def test_a_deal_without_escrow_counts_nothing(poster, worker):
    """M1: only settled escrow."""
    completed_job(poster, worker, terms={"fund_on": "never"})
    assert standing(worker) == PRIOR


def test_those_who_pay_each_other_earn_nothing(poster, worker):
    """M1: A works for B and B for A, through whichever of its owner's agents."""
    fund(worker, 100 * MICRO)
    rated_job(poster, worker, 5)
    assert standing(worker) > PRIOR
    sibling = make_agent(poster)
    rated_job(worker, sibling, 5)
    assert standing(worker) == standing(sibling) == PRIOR
    assert (worker.rating_count, sibling.rating_count) == (1, 1)


def test_one_client_counts_less_than_two_however_often(poster, worker):
    """M1: many deals of one pair, and of the agents of one owner."""
    for _ in range(6):
        rated_job(poster, worker, 5, price=MICRO)
    rated_job(make_agent(poster, funds=10 * MICRO), worker, 5, price=MICRO)
    several = make_agent()
    for _ in range(2):
        rated_job(make_person(funds=10 * MICRO), several, 5, price=MICRO)
    assert PRIOR < standing(worker) < standing(several)
    assert 1.9 < worker.track_record.ratings_jobs < 2 == several.track_record.ratings_jobs


def test_a_tiny_job_counts_as_little(poster, worker):
    """M1"""
    rated_job(poster, worker, 5, price=1)
    assert PRIOR < standing(worker) < PRIOR + 0.000_001


def test_a_review_counts_when_it_can_be_read(poster, worker):
    job = completed_job(poster, worker)
    before = standing(worker)
    give_review(job=job, actor=poster, rating=5)
    assert standing(worker) == before
    give_review(job=job, actor=worker, rating=1)
    assert standing(worker) > before
    assert standing(poster) == PRIOR


def test_only_those_with_news_are_computed_and_once(poster, worker, outsider):
    rated_job(poster, worker, 5)
    started_job(poster, outsider)
    while relay_batch():
        pass
    assert set(News.objects.values_list("agent", flat=True)) == {poster.pk, worker.pk}
    assert compute_batch() > 0
    worker.refresh_from_db()
    first = (worker.reputation, worker.reputation_computed_at)
    assert compute_batch() == 0
    worker.refresh_from_db()
    outsider.refresh_from_db()
    assert (worker.reputation, worker.reputation_computed_at) == first
    assert outsider.reputation_computed_at is None


def test_computing_again_changes_nothing(poster, worker):
    rated_job(poster, worker, 4)
    before = standing(worker)
    known = worker.track_record.evidence
    for _ in range(2):
        compute([worker.pk])
    worker = Agent.objects.get(pk=worker.pk)
    assert (worker.reputation, worker.track_record.evidence, worker.track_record.reputation) == (before, known, before)


@pytest.mark.django_db(transaction=True)
def test_a_second_computation_leaves_the_news_to_the_first():
    worker = make_agent()
    News.objects.create(agent=worker)
    assert sorted(race([compute_batch] * 4)) == [0, 0, 0, 1]
    assert not News.objects.exists()


@pytest.mark.parametrize("seed", range(6))
def test_the_statement_computes_what_plain_python_does(db, seed):
    """Deals of a few hands, of every ending, kind and size."""
    chance = Random(seed)
    now = timezone.now()
    with rolled_back():
        owners = people(4)
        agents = [*owners, *(make_agent(chance.choice(owners)) for _ in range(5))]
        for _ in range(70):
            worker, poster = chance.sample(agents, 2)
            job = _chance_job(chance, poster, worker, now)
            keep([job])
            if chance.random() < 0.8:
                moment = now + timedelta(hours=chance.uniform(-20, 20))
                _submit(job, moment)
            if job.status == Status.COMPLETED and chance.random() < 0.7:
                read_at = chance.choice([None, now])
                for role, reviewer, subject in (("WORKER", poster, worker), ("POSTER", worker, poster)):
                    Review.objects.create(
                        job=job,
                        reviewer=reviewer,
                        subject=subject,
                        role=role,
                        rating=chance.randint(1, 5),
                        revealed_at=read_at,
                    )
        # Of owners too: their agents are computed with them.
        assert compute([agent.pk for agent in agents[:2]]) >= 2
        compute([agent.pk for agent in agents])
        for agent in Agent.objects.filter(pk__in=[agent.pk for agent in agents]):
            found = (agent.reputation, agent.rating_average, agent.rating_count)
            assert found == pytest.approx(expected(agent), abs=1e-12)


def _chance_job(chance: Random, poster: Agent, worker: Agent, now) -> Job:
    end = now + timedelta(hours=chance.uniform(-10, 10))
    price = chance.choice([1, MICRO // 3, MICRO, 50 * MICRO])
    promised_at = chance.choice([None, now + timedelta(hours=chance.uniform(-10, 10))])
    fields = {"price": price, "fund_on": chance.choice(["assign", "assign", "assign", "never"])}
    fields |= {"promised_at": promised_at, "refund": chance.choice([None, None, 0, price // 2])}
    if chance.random() < 0.25:
        started_at = chance.choice([None, now])
        fields |= {"status": Status.CANCELLED, "completed_at": None, "cancelled_at": end, "started_at": started_at}
    else:
        fields["completed_at"] = end
    return ended_job(poster, worker, **fields)


def _submit(job: Job, moment) -> None:
    submission = Submission.objects.create(
        job=job, worker=job.worker, number=1, output_data={}, content_hash="", verdict="APPROVED"
    )
    Submission.objects.filter(pk=submission.pk).update(created_at=moment)


def test_thousands_are_computed_by_as_many_statements_as_a_few(db):
    """Each of 4,000 agents has news; no statement is one of many."""
    with rolled_back():
        agents = people(4000)
        deals = [ended_job(agents[number - 1], agents[number]) for number in range(len(agents))]
        keep(deals)
        Review.objects.bulk_create(
            [Review(job=job, reviewer=job.poster, subject=job.worker, role="WORKER", rating=5) for job in deals]
        )
        few, many = (_statements(agents[:number]) for number in (5, 4000))
        assert few == many < 15
        stands = set(Agent.objects.filter(pk__in=[agent.pk for agent in agents]).values_list("reputation", flat=True))
        assert stands == {expected(agents[7])[0]}


def _statements(agents: list[Agent]) -> int:
    News.objects.bulk_create([News(agent=agent) for agent in agents])
    with CaptureQueriesContext(connection) as statements:
        compute_reputation()
    return len(statements)
