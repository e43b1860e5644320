"""What the two sides and those between them may do, and what becomes of the money (FEATURES S14, S15, J18, F6)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent
from disputes.evidence import add_evidence, ask, content_hash
from disputes.models import Dispute, Evidence, Mediator, Offer
from disputes.offers import AlreadyAgreed, OfferNotPending, accept_offer, decline_offer, make_offer
from disputes.phases import Phase
from disputes.queries import disputes_of, my_disputes, needs_answer_of, next_mediator, open_queue
from disputes.rules import NoOpenDispute, WrongPhase, available_actions
from disputes.services import (
    AlreadyAnswered,
    AlreadyRuled,
    TooManyDisputes,
    assign_mediator,
    close_dispute,
    escalate,
    open_dispute,
    resolve_dispute,
    respond,
)
from disputes.tasks import escalate_due_disputes
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import WrongStatus
from jobs.services import DisputeWindowOver
from jobs.tasks import approve_due_reviews, mature_due_payouts
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from marketplace.money import MICRO, format_usdc
from tests.factories import FUNDS, PRICE, completed_job, make_agent, make_person, started_job, submitted_job
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db
WRONG = "Half of it is missing."
WITH_WINDOW = {"dispute_window_seconds": 48 * 3600}


@pytest.fixture
def operator(db: None) -> Agent:
    return make_person("Olga", is_staff=True, is_superuser=True)


@pytest.fixture
def dispute(poster: Agent, worker: Agent) -> Dispute:
    """Opened by the poster over work in review."""
    return open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG)


def appoint(agent: Agent, operator: Agent) -> Agent:
    Mediator.objects.create(agent=agent, appointed_by=operator)
    return agent


def reload(dispute: Dispute) -> Dispute:
    return Dispute.objects.select_related("job__poster__user", "job__worker__owner", "mediator").get(pk=dispute.pk)


def in_phase(dispute: Dispute, phase: Phase) -> Dispute:
    """The dispute, taken so far by the poster."""
    while reload(dispute).phase != phase:
        escalate(dispute=dispute, actor=dispute.job.poster)
    return reload(dispute)


def test_the_two_sides_settle_it_between_them(poster: Agent, worker: Agent, dispute: Dispute) -> None:
    """S14, S15: an answer, an offer, a counter-offer, and its acceptance divides the money at once."""
    respond(dispute=dispute, actor=worker, statement="The other half was never asked for.")
    make_offer(dispute=dispute, actor=poster, to_poster=PRICE // 2, note="Half for half.")
    counter = make_offer(dispute=dispute, actor=worker, to_poster=PRICE // 4)

    accept_offer(offer=counter, actor=poster)

    ended = reload(dispute)
    assert (ended.status, ended.resolution, ended.phase) == ("RESOLVED", "AGREEMENT", Phase.CLOSED)
    assert ended.job.status == Status.COMPLETED
    # The higher of the fees of an approval and of a dispute.
    part = PRICE * 3 // 4
    assert balance(worker).available == part - part * 5 // 100
    assert (balance(poster).available, escrow_balance(ended.job)) == (FUNDS - part, 0)
    assert sorted(ended.offers.values_list("status", flat=True)) == ["ACCEPTED", "LAPSED"]


def test_what_the_opener_asks_for_is_told_and_can_be_accepted_at_once(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker)
    dispute = open_dispute(job=job, actor=poster, reason=WRONG, asked_to_poster=PRICE // 2)
    told = Event.objects.get(type="dispute.opened").data
    assert told["posterUsdc"] == format_usdc(PRICE // 2)
    accept_offer(offer=dispute.offers.get(pk=told["offerId"]), actor=worker)
    assert reload(dispute).resolution == "AGREEMENT"


def test_who_asks_for_nothing_makes_no_offer(poster: Agent, worker: Agent, dispute: Dispute) -> None:
    assert not {"offerId", "posterUsdc"} & Event.objects.get(type="dispute.opened").data.keys()
    assert not dispute.offers.exists()


def test_a_newer_offer_replaces_the_one_before_and_nobody_accepts_their_own(poster, worker, dispute) -> None:
    first = make_offer(dispute=dispute, actor=poster, to_poster=PRICE // 2)
    second = make_offer(dispute=dispute, actor=poster, to_poster=PRICE // 4)
    with pytest.raises(OfferNotPending, match="replaced"):
        accept_offer(offer=first, actor=worker)
    with pytest.raises(AlreadyAgreed):
        accept_offer(offer=second, actor=poster)
    decline_offer(offer=second, actor=worker)
    with pytest.raises(OfferNotPending, match="declined"):
        accept_offer(offer=second, actor=worker)
    assert reload(dispute).is_open


def test_what_the_mediator_proposes_needs_both_sides(poster, worker, operator, dispute) -> None:
    """S15"""
    mediator = appoint(make_agent(name="Mia"), operator)
    dispute = in_phase(dispute, Phase.MEDIATION)
    assert dispute.mediator == mediator
    proposal = make_offer(dispute=dispute, actor=mediator, to_poster=PRICE // 2)
    accept_offer(offer=proposal, actor=worker)
    assert reload(dispute).is_open
    accept_offer(offer=proposal, actor=poster)
    assert (reload(dispute).resolution, Job.objects.get().refund) == ("AGREEMENT", PRICE // 2)


def test_the_clock_takes_it_through_its_phases(poster, worker, operator, dispute) -> None:
    """S15: by the database's clock, one phase at a time, as long as the Terms of the deal say."""
    for phase, ends_in in ((Phase.MEDIATION, 3), (Phase.ARBITRATION, 7)):
        assert escalate_due_disputes() == 0
        Dispute.objects.update(phase_ends_at=Now())
        assert escalate_due_disputes() == 1
        now = reload(dispute)
        assert (now.phase, now.mediator) == (phase, operator)
        assert abs(now.phase_ends_at - timezone.now() - timedelta(days=ends_in)) < timedelta(minutes=1)
    Dispute.objects.update(phase_ends_at=Now())
    assert escalate_due_disputes() == 0
    told = Event.objects.filter(type="dispute.escalated").values_list("actor", "data__phase")
    assert list(told) == [(None, "MEDIATION"), (None, "ARBITRATION")]


def test_the_least_busy_mediator_without_a_hand_in_the_deal_is_assigned(poster, worker, operator, dispute) -> None:
    """M7: never a side, its owner, or another agent of the same owner."""
    for agent in (poster, worker, worker.owner.agent, make_agent(worker.owner.agent, name="Kin")):
        appoint(agent, operator)
    assert next_mediator(dispute.job) == operator  # nobody else is left, and an operator may
    busy, idle = (appoint(make_agent(name=name), operator) for name in ("Busy", "Idle"))
    other = open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG)
    Dispute.objects.filter(pk=other.pk).update(mediator=busy)
    assert next_mediator(dispute.job) == idle
    Mediator.objects.filter(agent=idle).update(is_active=False)
    assert next_mediator(dispute.job) == busy


def test_a_mediator_who_is_a_party_is_refused_by_name(worker, operator, dispute) -> None:
    """M7"""
    dispute = in_phase(dispute, Phase.MEDIATION)
    kin = appoint(make_agent(worker.owner.agent, name="Kin"), operator)
    with pytest.raises(Invalid, match="Kin has a hand in this deal"):
        assign_mediator(dispute=dispute, actor=operator, mediator=kin)
    with pytest.raises(Invalid, match="was not appointed"):
        assign_mediator(dispute=dispute, actor=operator, mediator=make_agent(name="Nobody"))
    assert reload(dispute).mediator == operator


def test_a_mediator_that_a_party_buys_mediates_no_more(poster, operator, dispute) -> None:
    """M7: whether it has a hand in the deal is asked when it acts, not only when it is assigned."""
    mediator = appoint(make_agent(name="Mia"), operator)
    dispute = in_phase(dispute, Phase.ARBITRATION)
    Agent.objects.filter(pk=mediator.pk).update(owner=poster.user)
    mediator.refresh_from_db()
    with pytest.raises(NotAllowed):
        resolve_dispute(dispute=dispute, actor=mediator, to_poster=PRICE, note="As my owner says.")
    assert reload(dispute).is_open


def test_a_mediator_rules_in_arbitration_and_not_before(operator, dispute) -> None:
    mediator = appoint(make_agent(name="Mia"), operator)
    dispute = in_phase(dispute, Phase.MEDIATION)
    with pytest.raises(NotAllowed, match="in arbitration"):
        resolve_dispute(dispute=dispute, actor=mediator, to_poster=0, note="As I see it.")
    dispute = in_phase(dispute, Phase.ARBITRATION)
    resolve_dispute(dispute=dispute, actor=mediator, to_poster=0, note="As I see it.")
    assert (reload(dispute).resolved_by, reload(dispute).job.status) == (mediator, Status.COMPLETED)


@pytest.mark.parametrize("opens", ["poster", "worker"])
def test_closing_puts_the_job_back_where_it_was_with_its_clock(opens, poster, worker, operator) -> None:
    """The review window has as long to run as it had: neither side wins time by a dispute."""
    people = {"poster": poster, "worker": worker}
    job = submitted_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(auto_approve_at=Now() + timedelta(hours=5))
    dispute = open_dispute(job=job, actor=people.pop(opens), reason=WRONG)
    [other] = people.values()
    with pytest.raises(NotAllowed, match="opened it"):
        close_dispute(dispute=dispute, actor=other)
    job = close_dispute(dispute=dispute, actor=dispute.opened_by, reason="It was my mistake.").job
    assert (reload(dispute).status, job.status, escrow_balance(job)) == ("CLOSED", Status.IN_REVIEW, PRICE)
    assert abs(job.auto_approve_at - timezone.now() - timedelta(hours=5)) < timedelta(minutes=1)
    with pytest.raises(NoOpenDispute):
        resolve_dispute(dispute=dispute, actor=operator, to_poster=0, note="Too late.")
    assert approve_due_reviews() == 0


def test_a_dispute_about_work_in_progress_goes_back_to_work(poster, worker) -> None:
    dispute = open_dispute(
        job=started_job(poster, worker), actor=worker, reason="No answer for days.", category="NO_ANSWER"
    )
    assert close_dispute(dispute=dispute, actor=worker).job.status == Status.IN_PROGRESS


class TestCompletedWork:
    """F6: inside the dispute window of the Terms, while the payout is clearing."""

    @pytest.fixture
    def job(self, poster: Agent, worker: Agent) -> Job:
        return completed_job(poster, worker, terms=WITH_WINDOW)

    @pytest.mark.parametrize("to_poster", [0, 1, PRICE // 3, PRICE])
    def test_the_whole_price_is_divided_out_of_clearing_once(self, job, poster, worker, operator, to_poster) -> None:
        dispute = open_dispute(job=job, actor=poster, reason=WRONG)
        assert balance(worker).clearing == PRICE * 95 // 100
        resolve_dispute(dispute=dispute, actor=operator, to_poster=to_poster, note="As it is.")
        part = PRICE - to_poster
        fee = (part * 500 + 5000) // 10_000
        assert (balance(worker).clearing, balance(worker).available) == (0, part - fee)
        assert balance(poster).available == FUNDS - part
        worker.refresh_from_db()
        job.refresh_from_db()
        assert (job.status, worker.completed_jobs) == ((Status.COMPLETED, 1) if part else (Status.CANCELLED, 0))
        assert (job.payout, job.matures_at) == (part - fee, None)
        with pytest.raises(WrongStatus):
            open_dispute(job=job, actor=poster, reason=WRONG)

    def test_its_payout_does_not_clear_while_it_is_disputed_and_goes_on_clearing_after(
        self, job, poster, worker
    ) -> None:
        dispute = open_dispute(job=job, actor=poster, reason=WRONG)
        Job.objects.update(matures_at=Now())
        assert mature_due_payouts() == 0
        job = close_dispute(dispute=dispute, actor=poster).job
        assert job.status == Status.COMPLETED
        assert abs(job.matures_at - timezone.now() - timedelta(hours=48)) < timedelta(minutes=1)
        Job.objects.update(matures_at=Now())
        assert mature_due_payouts() == 1
        assert balance(worker).available == PRICE * 95 // 100

    def test_the_window_ends_by_the_clock_of_the_database_swept_or_not(self, job, poster) -> None:
        """C3"""
        Job.objects.update(matures_at=Now())
        with pytest.raises(DisputeWindowOver):
            open_dispute(job=job, actor=poster, reason=WRONG)
        assert not Dispute.objects.exists()

    def test_without_a_window_completed_work_is_not_disputed(self, poster, worker) -> None:
        with pytest.raises(DisputeWindowOver):
            open_dispute(job=completed_job(poster, worker), actor=poster, reason=WRONG)


def test_evidence_is_kept_with_its_hash_and_never_changed(poster, worker, operator, dispute) -> None:
    """M5"""
    shown = add_evidence(dispute=dispute, actor=worker, text="We agreed on this.", link="https://example.org/chat")
    assert (shown.side, shown.content_hash) == ("WORKER", content_hash(shown.text, shown.link, []))
    for change in (lambda: Evidence.objects.update(text="We agreed on that."), lambda: Evidence.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("shown", "field"),
    [
        ({}, "text"),
        ({"text": "   "}, "text"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"text": "x" * 5001}, "text"),
    ],
)
def test_evidence_that_shows_nothing_is_refused_by_name(worker, dispute, shown: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_evidence(dispute=dispute, actor=worker, **shown)
    assert [error.field for error in refusal.value.errors] == [field]


def test_the_mediator_asks_and_only_who_was_asked_answers(poster, worker, operator, dispute) -> None:
    """S15"""
    with pytest.raises(WrongPhase):
        ask(dispute=dispute, actor=operator, of="WORKER", question="When did you hand it in?")
    dispute = in_phase(dispute, Phase.MEDIATION)
    question = ask(dispute=dispute, actor=operator, of="WORKER", question="When did you hand it in?")
    answer = add_evidence(dispute=dispute, actor=worker, text="On Monday.", answers=question.pk)
    assert answer.answers == question
    with pytest.raises(Invalid, match="your side was asked"):
        add_evidence(dispute=dispute, actor=poster, text="On Friday.", answers=question.pk)


def test_the_other_side_answers_once(poster, worker, dispute) -> None:
    with pytest.raises(NotAllowed):
        respond(dispute=dispute, actor=poster, statement="I answer myself.")
    respond(dispute=dispute, actor=worker, statement="It is all there.")
    with pytest.raises(AlreadyAnswered):
        respond(dispute=dispute, actor=worker, statement="And more.")
    assert "respond" not in available_actions(reload(dispute), worker)


def test_opening_and_closing_again_and_again_is_refused(poster, worker) -> None:
    """M7"""
    job = submitted_job(poster, worker)
    for _ in range(3):
        close_dispute(dispute=open_dispute(job=job, actor=poster, reason=WRONG), actor=poster)
    with pytest.raises(TooManyDisputes):
        open_dispute(job=job, actor=poster, reason=WRONG)
    job.refresh_from_db()
    assert job.status == Status.IN_REVIEW
    assert open_dispute(job=job, actor=worker, reason=WRONG).side == "WORKER"


def test_one_agent_opens_so_many_disputes_a_day(poster, worker, settings) -> None:
    """M7"""
    settings.DISPUTES_PER_DAY = 1
    open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG)
    with pytest.raises(TooManyDisputes):
        open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG)


def test_an_owner_opens_no_more_of_them_by_other_agents(worker, settings) -> None:
    """M7"""
    settings.DISPUTES_PER_DAY = 1
    owner = make_person("Oscar")
    one, other = (make_agent(owner, name=name, funds=PRICE) for name in ("One", "Other"))
    open_dispute(job=submitted_job(one, worker), actor=one, reason=WRONG)
    with pytest.raises(TooManyDisputes):
        open_dispute(job=submitted_job(other, worker), actor=other, reason=WRONG)


def test_a_ruling_of_one_who_may_not_rule_any_more_confirms_nothing(
    poster, worker, operator, dispute, settings
) -> None:
    settings.RULING_ALONE_UP_TO = PRICE - 1
    mediator = appoint(make_agent(name="Mia"), operator)
    dispute = in_phase(dispute, Phase.ARBITRATION)
    resolve_dispute(dispute=dispute, actor=mediator, to_poster=PRICE, note="All of it goes back.")
    Mediator.objects.update(is_active=False)
    resolve_dispute(dispute=dispute, actor=operator, to_poster=PRICE, note="All of it goes back.")
    assert reload(dispute).is_open
    other = make_person("Otto", is_staff=True, is_superuser=True)
    resolve_dispute(dispute=dispute, actor=other, to_poster=PRICE, note="All of it goes back.")
    assert not reload(dispute).is_open


def test_a_mediator_whose_appointment_ended_reads_nothing_more(poster, worker, operator, dispute) -> None:
    mediator = appoint(make_agent(name="Mia"), operator)
    in_phase(dispute, Phase.MEDIATION)
    assert list(my_disputes(mediator)) == list(needs_answer_of(mediator)) == [dispute]
    Mediator.objects.update(is_active=False)
    assert not my_disputes(mediator) and not needs_answer_of(mediator)


def test_a_large_sum_takes_two_who_rule_the_same(poster, worker, operator, dispute, settings) -> None:
    """M7: a second approver above a threshold, and every ruling in a log that only grows."""
    settings.RULING_ALONE_UP_TO = PRICE - 1
    second = make_person("Otto", is_staff=True)
    rule = {"dispute": dispute, "note": "As I see it."}
    resolve_dispute(**rule, actor=operator, to_poster=MICRO)
    with pytest.raises(AlreadyRuled):
        resolve_dispute(**rule, actor=operator, to_poster=MICRO)
    resolve_dispute(**rule, actor=second, to_poster=2 * MICRO)
    assert (reload(dispute).is_open, escrow_balance(dispute.job)) == (True, PRICE)
    resolve_dispute(**rule, actor=second, to_poster=MICRO)
    assert (reload(dispute).to_poster, escrow_balance(dispute.job)) == (MICRO, 0)
    with pytest.raises(DatabaseError), transaction.atomic():
        dispute.rulings.update(to_poster=0)


def test_an_operator_who_is_a_party_does_not_rule(poster, worker) -> None:
    """M7: nor one whose agent is."""
    poster.user.is_staff = worker.owner.is_staff = True
    poster.user.save()
    worker.owner.save()
    dispute = open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG)
    for actor in (poster, worker.owner.agent):
        with pytest.raises(NotAllowed):
            resolve_dispute(dispute=dispute, actor=actor, to_poster=0, note="As I see it.")
    assert escrow_balance(dispute.job) == PRICE


@pytest.mark.parametrize("to_poster", [-1, PRICE + 1])
def test_more_than_is_frozen_is_refused_by_name(poster, worker, operator, dispute, to_poster) -> None:
    for attempt in (
        lambda: resolve_dispute(dispute=dispute, actor=operator, to_poster=to_poster, note="As it is."),
        lambda: make_offer(dispute=dispute, actor=worker, to_poster=to_poster),
        lambda: open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG, asked_to_poster=to_poster),
    ):
        with pytest.raises(Invalid, match="posterUsdc"):
            attempt()


def test_what_has_ended_stays_as_it_is(poster, worker, operator, dispute) -> None:
    """Whoever tries, with SQL."""
    resolve_dispute(dispute=dispute, actor=operator, to_poster=0, note="As it is.")
    for changes in ({"to_poster": 5}, {"note": "Something else."}, {"status": "OPEN"}, {"phase": Phase.MEDIATION}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Dispute.objects.update(**changes)


def test_who_reads_what(poster, worker, outsider, operator, dispute) -> None:
    mine = [person for person in (poster, worker, worker.owner.agent) if my_disputes(person).get() == dispute]
    assert len(mine) == 3
    assert not my_disputes(outsider).exists()
    assert not my_disputes(operator).exists()
    assert [open_queue().get(), disputes_of(dispute.job, poster).get()] == [dispute, dispute]
    assert (needs_answer_of(worker).get(), list(needs_answer_of(poster))) == (dispute, [])
    make_offer(dispute=dispute, actor=worker, to_poster=0)
    assert needs_answer_of(poster).get() == dispute
    assert Offer.objects.get().to_poster == 0
