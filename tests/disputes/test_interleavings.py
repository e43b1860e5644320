"""Whatever both sides, a mediator, an operator and the clock do, in whatever order and at whatever moment: one outcome,
money divided once, books sound (SURVIVE L4, M7, C3)."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from disputes.models import Dispute, Mediator, Offer
from disputes.offers import accept_offer, decline_offer, make_offer
from disputes.services import close_dispute, escalate, open_dispute, resolve_dispute, respond
from disputes.tasks import escalate_due_disputes
from jobs import services as jobs
from jobs.agreements.models import Agreement
from jobs.agreements.services import accept_agreement, propose_end
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.tasks import approve_due_reviews, mature_due_payouts
from marketplace.errors import MarketError
from tests.factories import OUTPUT, PRICE, completed_job, make_agent, make_person, started_job, submitted_job
from tests.oracle import assert_books_sound
from tests.racing import losers, race
from wallets.models import Transfer
from wallets.queries import balance, escrow_balance

SEQUENCES = int(os.environ.get("SEQUENCES", "15"))
STEPS = int(os.environ.get("STEPS", "30"))
ROUNDS = int(os.environ.get("ROUNDS", "6"))
WITH_WINDOW = {"dispute_window_seconds": 3600}
WHO = st.sampled_from(["poster", "worker", "mediator", "operator", "outsider"])
SHARES = st.sampled_from([0, 1, PRICE // 3, PRICE - 1, PRICE, PRICE + 1])


class Disagreement(RuleBasedStateMachine):
    """One job, and everybody who may have a word in its dispute."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(made=st.sampled_from([started_job, submitted_job, completed_job]))
    def begin(self, made: Callable[..., Job]) -> None:
        self.people = {
            "poster": make_person("Paula", funds=PRICE),
            "worker": make_agent(name="Wanda"),
            "mediator": make_agent(name="Mia"),
            "operator": make_person("Olga", is_staff=True),
            "outsider": make_agent(name="Oscar"),
        }
        Mediator.objects.create(agent=self.people["mediator"], appointed_by=self.people["operator"])
        self.job = made(self.people["poster"], self.people["worker"], terms=WITH_WINDOW)

    def attempt(self, act: Callable[[], Any]) -> None:
        before = snapshot()
        try:
            with transaction.atomic():
                act()
        except MarketError:
            assert snapshot() == before, "a refused step changed something"

    def in_dispute(self, act: Callable[..., Any], who: str, **words: Any) -> None:
        dispute = Dispute.objects.order_by("-created_at", "-id").first()
        if dispute is not None:
            self.attempt(lambda: act(dispute=dispute, actor=self.people[who], **words))

    @rule(who=WHO)
    def open(self, who: str) -> None:
        self.attempt(lambda: open_dispute(job=self.job, actor=self.people[who], reason="Not as agreed."))

    @rule(who=WHO)
    def answer(self, who: str) -> None:
        self.in_dispute(respond, who, statement="It is as agreed.")

    @rule(who=WHO, to_poster=SHARES)
    def offer(self, who: str, to_poster: int) -> None:
        self.in_dispute(make_offer, who, to_poster=to_poster)

    @rule(who=WHO, which=st.integers(0, 5), verb=st.sampled_from([accept_offer, accept_offer, decline_offer]))
    def reply(self, who: str, which: int, verb: Callable[..., Any]) -> None:
        made = list(Offer.objects.order_by("-created_at", "-id"))
        if made:
            self.attempt(lambda: verb(offer=made[which % len(made)], actor=self.people[who]))

    @rule(who=WHO)
    def go_on(self, who: str) -> None:
        self.in_dispute(escalate, who)

    @rule(who=WHO)
    def close(self, who: str) -> None:
        self.in_dispute(close_dispute, who)

    @rule(who=WHO, to_poster=SHARES)
    def rule_on_it(self, who: str, to_poster: int) -> None:
        self.in_dispute(resolve_dispute, who, to_poster=to_poster, note="As it is.")

    @rule(sweep=st.sampled_from([escalate_due_disputes, approve_due_reviews, mature_due_payouts]))
    def let_time_pass(self, sweep: Callable[[], int]) -> None:
        Dispute.objects.filter(status="OPEN").update(phase_ends_at=Now())
        Job.objects.exclude(auto_approve_at=None).update(auto_approve_at=Now())
        if sweep is mature_due_payouts:
            Job.objects.exclude(matures_at=None).update(matures_at=Now())
        sweep()

    @rule()
    def hand_in(self) -> None:
        self.attempt(lambda: jobs.submit_output(job=self.job, actor=self.people["worker"], output_data=OUTPUT))

    @rule(who=WHO, to_poster=SHARES)
    def propose_an_end(self, who: str, to_poster: int) -> None:
        self.attempt(lambda: propose_end(job=self.job, actor=self.people[who], to_poster=to_poster))

    @rule(who=WHO)
    def accept_the_end(self, who: str) -> None:
        proposed = Agreement.objects.order_by("-created_at", "-id").first()
        if proposed is not None:
            self.attempt(lambda: accept_agreement(agreement=proposed, actor=self.people[who]))

    @invariant()
    def books_are_sound(self) -> None:
        connection.check_constraints()
        assert_books_sound()

    @invariant()
    def money_is_divided_once_at_most(self) -> None:
        assert Transfer.objects.filter(kind__in=["DISPUTE_SPLIT", "AGREED_SPLIT"]).count() <= 1
        assert Dispute.objects.filter(status="RESOLVED").count() <= 1


def snapshot() -> list[Any]:
    return [
        list(Job.objects.values("status", "payout", "refund", "matures_at", "auto_approve_at")),
        list(Dispute.objects.order_by("id").values()),
        list(Offer.objects.order_by("id").values()),
        Transfer.objects.count(),
    ]


@pytest.mark.django_db
def test_whatever_they_do_one_after_the_other_there_is_one_outcome() -> None:
    run_state_machine_as_test(
        Disagreement,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("made", [submitted_job, completed_job])
def test_whatever_they_do_at_once_there_is_one_outcome(made: Callable[..., Job]) -> None:
    """L4: acceptances of both offers, a withdrawal of the dispute, a ruling by each of two operators, an escalation and
    the clocks, each on a connection of its own."""
    operators = [make_person(name, is_staff=True) for name in ("Olga", "Otto")]
    for _ in range(ROUNDS):
        poster, worker = make_person("Paula", funds=PRICE), make_agent(name="Wanda")
        job = made(poster, worker, terms=WITH_WINDOW)
        dispute = open_dispute(job=job, actor=poster, reason="Not as agreed.")
        offers = [
            make_offer(dispute=dispute, actor=poster, to_poster=PRICE // 2),
            make_offer(dispute=dispute, actor=worker, to_poster=PRICE // 4),
        ]
        Dispute.objects.filter(pk=dispute.pk).update(phase_ends_at=Now())
        settling = [
            partial(accept_offer, offer=offers[0], actor=worker),
            partial(accept_offer, offer=offers[1], actor=poster),
            partial(close_dispute, dispute=dispute, actor=poster),
            *(
                partial(resolve_dispute, dispute=dispute, actor=operator, to_poster=to_poster, note="As it is.")
                for operator, to_poster in zip(operators, (0, PRICE), strict=True)
            ),
        ]
        around = [
            partial(escalate, dispute=dispute, actor=worker),
            partial(make_offer, dispute=dispute, actor=worker, to_poster=1),
            escalate_due_disputes,
            approve_due_reviews,
            mature_due_payouts,
        ]

        outcomes = race([*settling, *around])

        assert all(isinstance(failure, MarketError) for failure in losers(outcomes)), outcomes
        assert len(losers(outcomes[: len(settling)])) == len(settling) - 1, outcomes
        ended = Dispute.objects.get(pk=dispute.pk)
        assert ended.status in ("RESOLVED", "CLOSED")
        divided = Transfer.objects.filter(job=job, kind="DISPUTE_SPLIT").count()
        assert divided == (1 if ended.status == "RESOLVED" else 0)
        if divided:
            assert (escrow_balance(job), balance(worker).clearing) == (0, 0)
            assert balance(poster).available == ended.to_poster
        assert_books_sound()


@pytest.mark.django_db(transaction=True)
def test_the_dispute_window_and_a_dispute_at_its_end_agree_who_came_first() -> None:
    """C3: whoever has the lock of the job first, and only the database's clock decides; never both."""
    for _ in range(ROUNDS):
        poster, worker = make_person("Paula", funds=PRICE), make_agent(name="Wanda")
        job = completed_job(poster, worker, terms=WITH_WINDOW)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET matures_at = clock_timestamp() + interval '20 milliseconds' WHERE id = %s",
                [job.pk],
            )
        sweeps = [mature_due_payouts] * 3
        outcomes = race([*sweeps, partial(open_dispute, job=job, actor=poster, reason="Not as agreed."), *sweeps])
        assert all(isinstance(failure, MarketError) for failure in losers(outcomes)), outcomes
        job.refresh_from_db()
        cleared = balance(worker).available
        assert (job.status == Status.DISPUTED) == bool(job.disputes.count())
        assert not (cleared and job.status == Status.DISPUTED)
        assert cleared + balance(worker).clearing == PRICE * 95 // 100
