"""Whatever many agents do to several jobs and wallets, in whatever order: the books are sound after each step.

SURVIVE L7. Scaled: 20 sequences of at most 40 steps for its 512 of 200; SEQUENCES and STEPS raise it.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bids import services as bids
from bids.credits.services import buy_credits
from disputes.services import resolve_dispute
from jobs import services as jobs
from jobs.agreements.models import Agreement
from jobs.agreements.services import accept_agreement, decline_agreement, propose_end, withdraw_agreement
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.tasks import mature_due_payouts
from marketplace.errors import MarketError
from marketplace.money import MICRO
from tests.factories import OUTPUT, PRICE, draft_job, fund, make_agent, make_bid, make_person
from tests.faults.test_statements import Cut, fail
from tests.jobs.test_lifecycle import ALLOWED, DO, everything
from tests.oracle import assert_books_sound
from tests.wallets.outside import ADDRESS, PowerCut
from wallets.budgets.services import grant_budget, pause_budget, resume_budget
from wallets.models import Account, Entry, Withdrawal
from wallets.rails.tasks import receive_deposits
from wallets.services import (
    adjust_balance,
    announce_deposit,
    confirm_withdrawal,
    grant_signup_bonus,
    request_withdrawal,
    reverse_withdrawal,
)

SEQUENCES = int(os.environ.get("SEQUENCES", "20"))
STEPS = int(os.environ.get("STEPS", "40"))
AMOUNTS = st.integers(1, 3 * PRICE)
AGENTS = st.integers(0, 4)


class Market(RuleBasedStateMachine):
    """A poster, a person who works, an AI agent, one that spends its owner's wallet, and an operator."""

    job_ids = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.posted: list[Job] = []
        self.number = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(target=job_ids)
    def open_the_market(self) -> Any:
        one = make_person("One")
        budgeted = make_agent(one, name="Budgeted")
        self.agents = [one, make_person("Two"), make_agent(name="Three"), budgeted]
        self.agents.append(make_person("Operator", is_staff=True))
        make_agent(handle="hired")
        grant_budget(agent=budgeted, actor=one, per_job=PRICE, daily=2 * PRICE, monthly=2 * PRICE)
        for agent in self.agents[:3]:
            fund(agent, 2 * PRICE)
        return multiple()

    def key(self) -> str:
        self.number += 1
        return str(self.number)

    # Money in and out

    @rule(number=AGENTS)
    def pay_in(self, number: int) -> None:
        fund(self.agents[number], 2 * PRICE)

    @rule(number=AGENTS)
    def announce(self, number: int) -> None:
        announce_deposit(agent=self.agents[number], amount=PRICE, actor=self.agents[number])
        assert receive_deposits() == 1

    @rule(number=AGENTS)
    def give_bonus(self, number: int) -> None:
        self.attempt(lambda: grant_signup_bonus(agent=self.agents[number]))

    @rule(number=AGENTS, amount=AMOUNTS)
    def withdraw(self, number: int, amount: int) -> None:
        agent, key = self.agents[number], self.key()
        self.attempt(
            lambda: request_withdrawal(agent=agent, actor=agent, amount=amount, address=ADDRESS, key=key),
        )

    @rule(paid=st.booleans(), twice=st.booleans())
    def settle_a_withdrawal(self, paid: bool, twice: bool) -> None:
        withdrawal = Withdrawal.objects.order_by("-id").first()
        if withdrawal is None:
            return
        if paid:
            Withdrawal.objects.filter(pk=withdrawal.pk, status="PENDING").update(status="SENT")
        for _ in range(1 + twice):
            if paid:
                confirm_withdrawal(withdrawal=withdrawal, reference="0x1")
            else:
                reverse_withdrawal(withdrawal=withdrawal, reason="refused")

    @rule(number=AGENTS, amount=st.integers(-2 * PRICE, 2 * PRICE))
    def adjust(self, number: int, amount: int) -> None:
        key = self.key()
        self.attempt(
            lambda: adjust_balance(
                agent=self.agents[number], amount=amount, reason="by chance", key=key, actor=self.agents[4]
            )
        )

    @rule(number=AGENTS, quantity=st.integers(0, 20))
    def buy(self, number: int, quantity: int) -> None:
        agent, key = self.agents[number], self.key()
        self.attempt(lambda: buy_credits(agent=agent, actor=agent, quantity=quantity, key=key))

    @rule(pause=st.booleans())
    def change_the_budget(self, pause: bool) -> None:
        change = pause_budget if pause else resume_budget
        self.attempt(lambda: change(agent=self.agents[3], actor=self.agents[0]))

    # Jobs

    @precondition(lambda self: len(self.posted) < 5)
    @rule(
        target=job_ids,
        number=AGENTS,
        publish=st.booleans(),
        fund_on=st.sampled_from(["publish", "assign", "never"]),
        rejection=st.sampled_from(["revise", "refund"]),
        release_fee_bps=st.integers(0, 10_000),
        cancel_fee_bps=st.integers(0, 10_000),
        dispute_fee_bps=st.integers(0, 10_000),
        dispute_window_seconds=st.sampled_from([0, 60]),
        revisions_allowed=st.sampled_from([None, 0, 1]),
    )
    def post(self, number: int, publish: bool, **terms: Any) -> Any:
        try:
            with transaction.atomic():
                job = draft_job(self.agents[number], publish=publish, budget=PRICE + 1, terms=terms)
        except MarketError:
            return multiple()
        self.posted.append(job)
        return job

    @rule(job=job_ids, number=AGENTS, amount=st.integers(1, PRICE + 2))
    def bid(self, job: Job, number: int, amount: int) -> None:
        self.attempt(lambda: make_bid(job, self.agents[number], amount))

    @rule(job=job_ids, by_poster=st.booleans(), number=AGENTS, which=st.integers(0, 3))
    def accept(self, job: Job, by_poster: bool, number: int, which: int) -> None:
        offers = list(job.bids.order_by("created_at", "id"))
        if offers:
            actor = job.poster if by_poster else self.agents[number]
            self.attempt(lambda: bids.accept_bid(bid=offers[which % len(offers)], actor=actor))

    @rule(job=job_ids, which=st.integers(0, 3))
    def take_a_bid_back(self, job: Job, which: int) -> None:
        offers = list(job.bids.select_related("bidder__user").order_by("created_at", "id"))
        if offers:
            bid = offers[which % len(offers)]
            self.attempt(lambda: bids.withdraw_bid(bid=bid, actor=bid.bidder))

    @rule(job=job_ids, verb=st.sampled_from(sorted(ALLOWED)), number=AGENTS)
    def anything(self, job: Job, verb: str, number: int) -> None:
        self.attempt(lambda: DO[verb](job, self.agents[number]))

    @rule(job=job_ids, amount=AMOUNTS)
    def tip(self, job: Job, amount: int) -> None:
        self.attempt(lambda: jobs.tip_job(job=job, actor=job.poster, amount=amount))

    @rule(job=job_ids, part=st.integers(0, 100))
    def rule_on_a_dispute(self, job: Job, part: int) -> None:
        dispute = job.disputes.filter(status="OPEN").first()
        if dispute is not None:
            to_poster = dispute.job.price * part // 100
            self.attempt(
                lambda: resolve_dispute(dispute=dispute, actor=self.agents[4], to_poster=to_poster, note="As it is.")
            )

    @rule(job=job_ids, by_poster=st.booleans(), part=st.integers(0, 100))
    def propose_an_end(self, job: Job, by_poster: bool, part: int) -> None:
        job.refresh_from_db()
        actor, price = job.poster if by_poster else job.worker, job.price or 0
        self.attempt(lambda: propose_end(job=job, actor=actor, to_poster=price * part // 100))

    @rule(answer=st.sampled_from([accept_agreement, decline_agreement, withdraw_agreement]), number=AGENTS)
    def answer_a_proposal(self, answer: Callable[..., Any], number: int) -> None:
        proposed = Agreement.objects.filter(status="PENDING").select_related("job").order_by("-created_at").first()
        if proposed is not None:
            self.attempt(lambda: answer(agreement=proposed, actor=self.agents[number]))

    @rule()
    def let_dispute_windows_end(self) -> None:
        Job.objects.exclude(matures_at=None).update(matures_at=Now())
        mature_due_payouts()

    @rule(job=job_ids, steps=st.integers(1, 5))
    def go_on(self, job: Job, steps: int) -> None:
        """The work goes its way for a while, so that the other rules meet jobs in late statuses."""
        for _ in range(steps):
            job.refresh_from_db()
            self.attempt(lambda: self.next_step(job))

    @rule(job=job_ids, after=st.integers(1, 40))
    def go_on_and_crash(self, job: Job, after: int) -> None:
        """The next step ends after so many of its SQL statements."""
        job.refresh_from_db()

        def step() -> None:
            with connection.execute_wrapper(Cut(after, fail)):
                self.next_step(job)

        self.attempt(step)

    def next_step(self, job: Job) -> None:
        worker = job.worker or job.poster
        offer = job.bids.filter(status="PENDING").first()
        match job.status:
            case Status.DRAFT:
                jobs.publish_job(job=job, actor=job.poster)
            case Status.OPEN if offer:
                bids.accept_bid(bid=offer, actor=job.poster)
            case Status.OPEN:
                make_bid(job, self.agents[2] if job.poster != self.agents[2] else self.agents[0])
            case Status.ASSIGNED:
                jobs.start_job(job=job, actor=worker)
            case Status.IN_PROGRESS:
                jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
            case Status.IN_REVIEW:
                jobs.approve_job(job=job, actor=job.poster)

    def attempt(self, act: Callable[[], Any]) -> None:
        before = everything()
        try:
            with transaction.atomic():
                act()
        except (MarketError, PowerCut):
            assert everything() == before, "a rejected step changed something"

    @invariant()
    def books_are_sound(self) -> None:
        connection.check_constraints()
        assert_books_sound()

    @invariant()
    def what_came_in_went_out_or_is_held(self) -> None:
        inside = Account.objects.aggregate(sum=Sum("balance"))["sum"] or 0
        outside = dict(
            Entry.objects.filter(account__balance=None).values_list("account__kind").annotate(sum=Sum("amount"))
        )
        came_in = -sum(outside.get(kind, 0) for kind in ("DEPOSITS", "BONUSES", "ADJUSTMENTS"))
        went_out = sum(outside.get(kind, 0) for kind in ("WITHDRAWALS", "FEES"))
        assert came_in == went_out + inside


@pytest.fixture
def bonuses(settings: Any) -> None:
    settings.SIGNUP_BONUS, settings.SIGNUP_BONUS_BUDGET = 7 * MICRO, 20 * MICRO


@pytest.mark.django_db
def test_whatever_agents_do_the_books_are_sound(bonuses: None) -> None:
    """L7"""
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
