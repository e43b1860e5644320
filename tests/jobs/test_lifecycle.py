"""The lifecycle: what is allowed succeeds, and everything else is refused and changes nothing (J18)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from agents.models import Agent
from bids import services as bids
from disputes import services as disputes
from disputes.offers import accept_offer, make_offer
from jobs import services as jobs
from jobs.agreements import services as agreements
from jobs.lifecycle import STATUS_MOVES, TRANSITIONS, Status
from jobs.models import Job, Submission
from jobs.queries import timeline
from jobs.rules import WrongStatus, available_actions
from marketplace.errors import MarketError, NotAllowed
from marketplace.events.models import Event
from tests import factories
from tests.factories import FUNDS, OUTPUT, PRICE, job_in, make_agent, make_bid, make_person, open_job, submitted_job
from wallets.models import Entry, Transfer
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db

# Who may do what in which status, as DESIGN says it. Written out here and not read from the table under test.
POSTER_SIDE = {"poster"}
WORKER_SIDE = {"worker", "worker's owner"}
ANYBODY_ELSE = {"worker", "worker's owner", "outsider"}
BY_ITS_DISPUTE = ({"DISPUTED"}, {"clock"})
UNDER_WAY = {"ASSIGNED", "IN_PROGRESS", "IN_REVIEW"}
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "publish": ({"DRAFT"}, POSTER_SIDE),
    "update": ({"DRAFT", "OPEN"}, POSTER_SIDE),
    "bid": ({"OPEN"}, ANYBODY_ELSE),
    "assign": ({"OPEN"}, POSTER_SIDE),
    "award": ({"OPEN"}, {"clock"}),
    # Of direct offers, which `job_in` makes none of: tests/bids/test_direct_offers.py.
    "accept-offer": ({"OPEN"}, set()),
    "decline": ({"OPEN"}, set()),
    "start": ({"ASSIGNED"}, WORKER_SIDE),
    "progress": ({"IN_PROGRESS"}, WORKER_SIDE),
    "submit": ({"IN_PROGRESS"}, WORKER_SIDE),
    "approve": ({"IN_REVIEW"}, POSTER_SIDE),
    "auto-approve": ({"IN_REVIEW"}, {"clock"}),
    "reject": ({"IN_REVIEW"}, POSTER_SIDE),
    "cancel": ({"DRAFT", "OPEN", "ASSIGNED"}, POSTER_SIDE),
    "expire": ({"OPEN"}, {"clock"}),
    "tip": ({"COMPLETED"}, POSTER_SIDE),
    "give-back": ({"ASSIGNED", "IN_PROGRESS"}, WORKER_SIDE),
    "propose-change": (UNDER_WAY, POSTER_SIDE | WORKER_SIDE),
    # By what both sides agreed on: tests/jobs/agreements.
    "extend": ({"ASSIGNED", "IN_PROGRESS"}, {"clock"}),
    "call-off": (UNDER_WAY, {"clock"}),
    "dispute": ({"IN_PROGRESS", "IN_REVIEW"}, POSTER_SIDE | WORKER_SIDE),
    "resolve-refund": ({"DISPUTED"}, {"operator"}),
    "resolve-pay": ({"DISPUTED"}, {"operator"}),
    # By its dispute, for which nobody of the job acts: tests/disputes.
    "settle-refund": BY_ITS_DISPUTE,
    "settle-pay": BY_ITS_DISPUTE,
    "resume-work": BY_ITS_DISPUTE,
    "resume-review": BY_ITS_DISPUTE,
    "stay-completed": BY_ITS_DISPUTE,
}
TARGETS = {
    "publish": "OPEN",
    "assign": "ASSIGNED",
    "award": "ASSIGNED",
    "accept-offer": "ASSIGNED",
    "decline": "CANCELLED",
    "start": "IN_PROGRESS",
    "submit": "IN_REVIEW",
    "approve": "COMPLETED",
    "auto-approve": "COMPLETED",
    "reject": "IN_PROGRESS",
    "cancel": "CANCELLED",
    "expire": "CANCELLED",
    "give-back": "CANCELLED",
    "call-off": "CANCELLED",
    "dispute": "DISPUTED",
    "resolve-refund": "CANCELLED",
    "resolve-pay": "COMPLETED",
    "settle-refund": "CANCELLED",
    "settle-pay": "COMPLETED",
    # The disputes of `job_in` began in review.
    **dict.fromkeys(("resume-work", "resume-review", "stay-completed"), "IN_REVIEW"),
}
DO: dict[str, Callable[[Job, Any], Any]] = {
    "publish": lambda job, actor: jobs.publish_job(job=job, actor=actor),
    "update": lambda job, actor: jobs.update_job(job=job, actor=actor, title="Another title"),
    "bid": lambda job, actor: bids.place_bid(job=job, bidder=actor, amount=PRICE, actor=actor),
    "assign": lambda job, actor: bids.hire_agent(job=job, agent=Agent.objects.get(handle="hired"), actor=actor),
    "award": lambda job, actor: jobs.assign_job(
        job=job, worker=Agent.objects.get(handle="hired"), price=PRICE, actor=actor, verb="award"
    ),
    "accept-offer": lambda job, actor: bids.accept_offer(job=job, actor=actor),
    "decline": lambda job, actor: bids.decline_offer(job=job, actor=actor),
    "start": lambda job, actor: jobs.start_job(job=job, actor=actor),
    "progress": lambda job, actor: jobs.report_progress(job=job, actor=actor, percent=40),
    "submit": lambda job, actor: jobs.submit_output(job=job, actor=actor, output_data=OUTPUT),
    "approve": lambda job, actor: jobs.approve_job(job=job, actor=actor),
    "auto-approve": lambda job, actor: jobs.auto_approve_job(job=job),
    "tip": lambda job, actor: jobs.tip_job(job=job, actor=actor, amount=1),
    "reject": lambda job, actor: jobs.reject_submission(job=job, actor=actor, reason="Too long."),
    "cancel": lambda job, actor: jobs.cancel_job(job=job, actor=actor),
    "expire": lambda job, actor: jobs.expire_job(job=job),
    "give-back": lambda job, actor: agreements.give_back(job=job, actor=actor),
    "propose-change": lambda job, actor: agreements.propose_end(job=job, actor=actor, to_poster=1),
    "extend": lambda job, actor: agree(job, agreements.propose_extension, due_at=job.deadline_at + timedelta(days=1)),
    "call-off": lambda job, actor: agree(job, agreements.propose_end, to_poster=1),
    "dispute": lambda job, actor: disputes.open_dispute(job=job, actor=actor, reason="Not what was agreed."),
    "resolve-refund": lambda job, actor: rule_on(job, actor, PRICE),
    "resolve-pay": lambda job, actor: rule_on(job, actor, 1),
    "settle-refund": lambda job, actor: settle(job, PRICE),
    "settle-pay": lambda job, actor: settle(job, 1),
    **dict.fromkeys(("resume-review", "resume-work", "stay-completed"), lambda job, actor: resume(job)),
}
# The verbs of the clock take no actor; nobody else can call them.
OF_THE_CLOCK = {verb for verb, (_, who) in ALLOWED.items() if who == {"clock"}}
ROLES = ["poster", "worker", "worker's owner", "outsider", "operator", "clock"]


@pytest.fixture
def cast(db: None) -> dict[str, Agent | None]:
    owner = make_person("Owen")
    make_agent(handle="hired")
    return {
        "poster": make_person("Paula", funds=FUNDS),
        "worker": make_agent(owner),
        "worker's owner": owner,
        "outsider": make_agent(name="Oscar"),
        "operator": make_person("Olive", is_staff=True),
        "clock": None,
    }


def everything() -> dict[str, Any]:
    """All that a verb could change."""
    return {
        "jobs": list(Job.objects.order_by("id").values()),
        "submissions": list(Submission.objects.order_by("id").values()),
        "bids": list(bids.Bid.objects.order_by("id").values()),
        "events": Event.objects.count(),
        "transfers": Transfer.objects.count(),
        "entries": Entry.objects.count(),
        "completed": list(Agent.objects.order_by("id").values_list("id", "completed_jobs")),
    }


def rule_on(job: Job, actor: Any, to_poster: int) -> None:
    """An operator's ruling; what the job says to one where there is no dispute."""
    dispute = job.disputes.filter(status="OPEN").first()
    if dispute is None:
        jobs.settle_job(job=job, actor=actor, to_poster=to_poster, note="As it is.")
    else:
        disputes.resolve_dispute(dispute=dispute, actor=actor, to_poster=to_poster, note="As it is.")


def settle(job: Job, to_poster: int) -> None:
    """The worker offers that, and the poster accepts."""
    dispute = job.disputes.filter(status="OPEN").first()
    if dispute is None:
        jobs.settle_job(job=job, actor=job.poster, to_poster=to_poster, note="As agreed.", verb="settle")
    else:
        offer = make_offer(dispute=dispute, actor=dispute.job.worker, to_poster=to_poster)
        accept_offer(offer=offer, actor=dispute.job.poster)


def agree(job: Job, propose: Callable[..., Any], **change: Any) -> None:
    """The worker proposes that, and the poster accepts."""
    proposed = propose(job=job, actor=job.worker or job.poster, **change)
    agreements.accept_agreement(agreement=proposed, actor=job.poster)


def resume(job: Job) -> None:
    """Whoever opened the dispute closes it."""
    dispute = job.disputes.filter(status="OPEN").first()
    if dispute is None:
        jobs.resume_job(job=job, actor=job.poster, left=None, reason="")
    else:
        disputes.close_dispute(dispute=dispute, actor=dispute.opened_by)


def expected(verb: str, status: str, role: str) -> bool:
    statuses, roles = ALLOWED[verb]
    return status in statuses and (role in roles or (role == "operator" and roles == ANYBODY_ELSE))


def test_the_expectations_speak_of_every_verb():
    """All but "refuse", which is what "reject" means under Terms that refund; see test_terms."""
    assert ALLOWED.keys() == DO.keys() == TRANSITIONS.keys() - {"refuse"}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", ALLOWED)
def test_every_verb_in_every_status_by_everybody(cast, verb, status):
    """J18"""
    job = job_in(status, cast["poster"], cast["worker"])
    if verb == "bid" and status == Status.OPEN:
        bids.withdraw_bid(bid=job.bids.get(), actor=cast["worker"])
    job.refresh_from_db()
    for role, actor in cast.items():
        if verb in OF_THE_CLOCK and actor is not None:
            continue
        with transaction.atomic():
            check(job, verb, role, actor, expected(verb, status, role))
            transaction.set_rollback(True)


def check(job: Job, verb: str, role: str, actor: Agent | None, allowed: bool) -> None:
    before = everything()
    assert (verb in available_actions(job, actor)) == (allowed and actor is not None), role
    if allowed:
        DO[verb](job, actor)
        assert Job.objects.get(pk=job.pk).status == TARGETS.get(verb, job.status)
        assert everything() != before
        return
    if actor is None and verb not in OF_THE_CLOCK:
        return  # the doors never let nobody in, and the verbs are not made for it
    with transaction.atomic(), pytest.raises((NotAllowed, WrongStatus)):
        DO[verb](job, actor)
    assert everything() == before, role


@pytest.mark.parametrize("status", Status)
def test_postgresql_refuses_every_other_move(cast, status):
    """L6: whoever makes it, with SQL."""
    job = job_in(status, cast["poster"], cast["worker"])
    for target in Status:
        if target == status or (status, target) in STATUS_MOVES:
            continue
        with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
            Job.objects.filter(pk=job.pk).update(status=target)


def test_the_moves_are_those_of_the_design():
    assert set(STATUS_MOVES) == {
        (source, TARGETS[verb]) for verb, (sources, _) in ALLOWED.items() if verb in TARGETS for source in sources
    } | {
        ("IN_REVIEW", "CANCELLED"),
        # Disputes about completed work and work in progress: tests/disputes.
        *(("COMPLETED", "DISPUTED"), ("DISPUTED", "IN_PROGRESS")),
    }


FORGERIES = [
    ("""UPDATE jobs_job SET terms = '{"release_fee_bps": 0}'""", "Cannot update"),
    ("UPDATE jobs_job SET poster_id = worker_id", "Cannot update"),
    ("""UPDATE jobs_job SET output_schema = '{"a": 1}'""", "Cannot update"),
    ("DELETE FROM jobs_job", "Cannot delete"),
    ("UPDATE jobs_job SET worker_id = NULL", "freeze_deal"),
    ("UPDATE jobs_job SET price = 0", "freeze_deal"),
    ("UPDATE jobs_job SET budget = -1", "job_budget_positive"),
    ("UPDATE jobs_job SET auto_approve_at = NULL", "job_in_review_has_a_clock"),
    ("UPDATE jobs_job SET progress_percent = 101", "job_progress_percent"),
    ("INSERT INTO jobs_submission SELECT gen_random_uuid(), 2, output_data, content_hash, '', 'PENDING', '', '',"
     " now(), NULL, job_id, worker_id FROM jobs_submission", "one_pending_per_job"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "refusal"), FORGERIES)
def test_postgresql_keeps_what_was_agreed(cast, sql, refusal):
    """L6"""
    submitted_job(cast["poster"], cast["worker"])
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_job_is_born_as_a_draft(cast):
    """L6"""
    with pytest.raises(DatabaseError, match="created as a draft"), transaction.atomic():
        Job.objects.create(
            poster=cast["poster"], title="Forged", budget=1, terms={}, status="OPEN", deadline_at="2100-01-01T00:00Z"
        )


def test_the_whole_way_is_told_and_paid(cast):
    """J7, J8, J18"""
    poster, worker = cast["poster"], cast["worker"]
    job = open_job(poster)
    bids.accept_bid(bid=make_bid(job, worker), actor=poster)
    jobs.start_job(job=job, actor=worker)
    jobs.report_progress(job=job, actor=worker, percent=50, note="Half of it.")
    jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
    jobs.reject_submission(job=job, actor=poster, reason="Too long.", category="quality")
    jobs.submit_output(job=job, actor=worker, output_data={"text": "short"}, proof_hash="sha256:abc")
    job = jobs.approve_job(job=job, actor=poster)
    assert [event.type for event in timeline(job)] == [
        *("job.posted", "bid.received", "job.assigned", "bid.accepted", "job.started", "job.progress"),
        *("job.submitted", "job.revision_requested", "job.submitted", "job.approved", "job.paid"),
        "job.completed",
    ]
    moves = [(e.data["from"], e.data["to"], e.actor) for e in timeline(job) if "from" in e.data]
    assert moves == [
        ("DRAFT", "OPEN", poster),
        ("OPEN", "ASSIGNED", poster),
        ("ASSIGNED", "IN_PROGRESS", worker),
        ("IN_PROGRESS", "IN_REVIEW", worker),
        ("IN_REVIEW", "IN_PROGRESS", poster),
        ("IN_PROGRESS", "IN_REVIEW", worker),
        # That it was approved, and that it is completed.
        ("IN_REVIEW", "COMPLETED", poster),
        ("IN_REVIEW", "COMPLETED", poster),
    ]
    assert list(job.submissions.order_by("number").values_list("verdict", "reason")) == [
        ("REJECTED", "Too long."),
        ("APPROVED", ""),
    ]
    assert balance(worker).available == PRICE * 95 // 100
    worker.refresh_from_db()
    assert (worker.completed_jobs, job.progress_percent, job.revision_count) == (1, 100, 1)


@pytest.mark.parametrize("reason", ["", "  ", "no", " a\n"])
def test_work_is_sent_back_with_a_reason(cast, reason):
    job = submitted_job(cast["poster"], cast["worker"])
    with pytest.raises(MarketError) as refusal:
        jobs.reject_submission(job=job, actor=cast["poster"], reason=reason)
    assert [error.field for error in refusal.value.errors] == ["reason"]


def test_nothing_is_not_an_output(cast):
    job = factories.started_job(cast["poster"], cast["worker"])
    with pytest.raises(MarketError) as refusal:
        jobs.submit_output(job=job, actor=cast["worker"], output_data={})
    assert [error.field for error in refusal.value.errors] == ["outputData"]


@pytest.mark.parametrize("percent", [-1, 101, 10**9])
def test_progress_is_a_percentage(cast, percent):
    job = factories.started_job(cast["poster"], cast["worker"])
    with pytest.raises(MarketError) as refusal:
        jobs.report_progress(job=job, actor=cast["worker"], percent=percent)
    assert [error.field for error in refusal.value.errors] == ["percent"]


def test_held_money_is_shown_while_it_is_held(cast):
    job = factories.assigned_job(cast["poster"], cast["worker"])
    assert (balance(cast["poster"]).available, balance(cast["poster"]).held) == (FUNDS - PRICE, PRICE)
    jobs.cancel_job(job=job, actor=cast["poster"])
    assert (balance(cast["poster"]).available, escrow_balance(job)) == (FUNDS, 0)
