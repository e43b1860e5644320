"""What jobs take of a budget where money is held, and give back (F11)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import DateField, Value
from django.utils import timezone

from bids.services import accept_bid
from disputes.services import resolve_dispute
from jobs.models import Job
from jobs.services import cancel_job, expire_job, tip_job, update_job
from marketplace.errors import MarketError
from marketplace.money import MICRO
from tests.factories import (
    FUNDS,
    assigned_job,
    completed_job,
    disputed_job,
    draft_job,
    fund,
    make_bid,
    make_person,
    open_job,
)
from tests.jobs.test_clock import overdue
from tests.oracle import assert_books_sound
from wallets.budgets import models
from wallets.budgets.models import BudgetAuthorization, BudgetSpending
from wallets.budgets.services import change_budget, charge, give_back, pause_budget, revoke_budget
from wallets.queries import balance

pytestmark = pytest.mark.django_db

FAR = 10_000 * MICRO


def spent(budget: BudgetAuthorization) -> tuple[int, int]:
    """USDC of today and of this month."""
    now = BudgetAuthorization.objects.with_spending().get(pk=budget.pk)
    return now.spent_today // MICRO, now.spent_this_month // MICRO


@pytest.fixture
def it_is(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Sets the database's calendar."""

    def set_day(day: date) -> None:
        monkeypatch.setattr(models, "TODAY", Value(day, DateField()))
        monkeypatch.setattr(models, "FIRST_OF_MONTH", Value(day.replace(day=1), DateField()))

    return set_day


def move_back(job: Job, day: date) -> None:
    """The job's money was held that day."""
    assert BudgetSpending.objects.filter(job=job).update(day=day) == 1


def today(budget: BudgetAuthorization) -> date:
    return BudgetAuthorization.objects.with_spending().get(pk=budget.pk).today


def test_the_owner_pays_what_the_agent_hires_for(owner, buyer, worker, budget):
    job = completed_job(buyer, worker, price=40 * MICRO)
    assert (job.poster, job.payer) == (buyer, owner)
    assert balance(owner).available == FUNDS - 40 * MICRO
    assert balance(worker).available == 38 * MICRO
    assert spent(budget) == (40, 40)


def test_without_a_budget_the_agent_pays(owner, buyer, worker):
    fund(buyer, 40 * MICRO)
    completed_job(buyer, worker, price=40 * MICRO)
    assert (balance(buyer).available, balance(owner).available) == (0, FUNDS)
    assert not BudgetSpending.objects.exists()


def test_a_budget_is_no_money(owner, worker, budget, buyer):
    """The owner's wallet still has to hold it; and what the wallet refuses is not counted."""
    change_budget(agent=buyer, actor=owner, per_job=FAR, daily=FAR, monthly=FAR)
    bid = make_bid(open_job(buyer, budget=FAR), worker, FUNDS + 1)
    with pytest.raises(MarketError, match="The wallet holds") as refusal:
        accept_bid(bid=bid, actor=buyer)
    assert refusal.value.code == "INSUFFICIENT_FUNDS"
    assert spent(budget) == (0, 0)


@pytest.mark.parametrize(
    ("before", "price", "code", "sentence", "extra"),
    [
        ([], 51, "BUDGET_PER_JOB_EXCEEDED", "The cap per job is 50.00 USDC; 50.00 is left for this job.", "perJob"),
        ([50, 50], 21, "BUDGET_DAILY_EXCEEDED", "The daily cap is 120.00 USDC; 20.00 is left today.", "daily"),
        ([50, 50, 20], 1, "BUDGET_DAILY_EXCEEDED", "The daily cap is 120.00 USDC; 0.00 is left today.", "daily"),
    ],
)
def test_a_refusal_names_the_cap_and_what_is_left(buyer, worker, budget, before, price, code, sentence, extra):
    for amount in before:
        assigned_job(buyer, worker, price=amount * MICRO)
    bid = make_bid(open_job(buyer), worker, price * MICRO)
    with pytest.raises(MarketError) as refusal:
        accept_bid(bid=bid, actor=buyer)
    assert (refusal.value.status, refusal.value.code, refusal.value.detail) == (402, code, sentence)
    assert refusal.value.extra["cap"] == extra
    assert Job.objects.get(pk=bid.job_id).status == "OPEN"
    assert spent(budget) == (sum(before), sum(before))


def test_the_monthly_cap_is_named_with_the_day_it_renews(buyer, worker, budget, it_is):
    for day in (1, 2, 30):
        it_is(date(2027, 12, day))
        for price in (50, 45):
            assigned_job(buyer, worker, price=price * MICRO)
    it_is(date(2027, 12, 31))
    bid = make_bid(open_job(buyer), worker, 16 * MICRO)
    with pytest.raises(MarketError) as refusal:
        accept_bid(bid=bid, actor=buyer)
    assert refusal.value.detail == "The monthly cap is 300.00 USDC; 15.00 is left this month."
    assert (refusal.value.status, refusal.value.code) == (402, "BUDGET_MONTHLY_EXCEEDED")
    resets_at = "2028-01-01T00:00:00.000Z"
    assert refusal.value.extra == {"cap": "monthly", "capUsdc": "300.00", "leftUsdc": "15.00", "resetsAt": resets_at}
    it_is(date(2028, 1, 1))
    accept_bid(bid=bid, actor=buyer)
    assert spent(budget) == (16, 16)


def test_days_are_those_of_utc_by_the_databases_clock(budget, monkeypatch):
    """Whatever zone the session is in and whatever a server believes."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    with connection.cursor() as cursor:
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
            cursor.execute("SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date")
            assert (today(budget),) == cursor.fetchone()


@pytest.mark.parametrize("fund_on", ["assign", "publish"])
def test_what_is_left_can_be_spent_to_the_last(buyer, worker, budget, fund_on):
    for price in (50, 50, 20):
        assigned_job(buyer, worker, price=price * MICRO, budget=price * MICRO, terms={"fund_on": fund_on})
    assert spent(budget) == (120, 120)


def test_a_budget_is_checked_where_money_is_held(buyer, budget):
    """Terms that fund on publish hold the budget of the job then; a draft takes nothing."""
    draft_job(buyer, budget=60 * MICRO)
    with pytest.raises(MarketError) as refusal:
        open_job(buyer, budget=60 * MICRO, terms={"fund_on": "publish"})
    assert refusal.value.code == "BUDGET_PER_JOB_EXCEEDED"
    assert spent(budget) == (0, 0)


def test_what_was_held_too_much_is_given_back(buyer, worker, budget):
    assigned_job(buyer, worker, price=30 * MICRO, budget=50 * MICRO, terms={"fund_on": "publish"})
    assert spent(budget) == (30, 30)


def test_a_cancelled_or_expired_job_gives_all_of_it_back(buyer, worker, budget):
    cancel_job(job=assigned_job(buyer, worker, price=50 * MICRO), actor=buyer)
    expire_job(job=overdue(open_job(buyer, budget=50 * MICRO, terms={"fund_on": "publish"})))
    assert spent(budget) == (0, 0)
    assigned_job(buyer, worker, price=50 * MICRO)


def test_a_cancel_fee_stays_spent(buyer, worker, budget):
    cancel_job(job=assigned_job(buyer, worker, price=50 * MICRO, terms={"cancel_fee_bps": 1000}), actor=buyer)
    assert spent(budget) == (5, 5)


def test_a_ruling_gives_the_posters_part_back(owner, buyer, worker, budget):
    job = disputed_job(buyer, worker, price=50 * MICRO)
    operator = make_person("Opal", is_staff=True)
    resolve_dispute(dispute=job.disputes.get(), actor=operator, to_poster=20 * MICRO, note="Half done.")
    assert spent(budget) == (30, 30)


def test_a_tip_counts_with_the_job_and_on_its_own_day(buyer, worker, budget):
    """A later day's tip is not hidden in the day when the price was held."""
    job = completed_job(buyer, worker, price=40 * MICRO)
    with pytest.raises(MarketError, match=r"10\.00 is left for this job"):
        tip_job(job=job, actor=buyer, amount=11 * MICRO)
    move_back(job, today(budget) - timedelta(days=400))
    tip_job(job=job, actor=buyer, amount=10 * MICRO)
    assert spent(budget) == (10, 10)


def test_a_new_day_and_a_new_month_begin_at_zero(buyer, worker, budget, it_is):
    seen = []
    for day in (date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)):
        it_is(day)
        assigned_job(buyer, worker, price=50 * MICRO)
        seen.append(spent(budget))
    assert seen == [(50, 50), (50, 100), (50, 50)]


def test_a_refund_goes_to_the_period_that_it_was_held_in(buyer, worker, budget):
    old, new = (assigned_job(buyer, worker, price=50 * MICRO) for _ in range(2))
    move_back(old, today(budget) - timedelta(days=400))
    cancel_job(job=old, actor=buyer)
    assert spent(budget) == (50, 50)
    cancel_job(job=new, actor=buyer)
    assert spent(budget) == (0, 0)


def test_what_came_last_is_given_back_first(buyer, worker, budget):
    job = assigned_job(buyer, worker, price=30 * MICRO)
    move_back(job, today(budget) - timedelta(days=400))
    charge(job=job, amount=10 * MICRO)
    give_back(job=job, amount=15 * MICRO)
    assert list(job.budget_spendings.order_by("day").values_list("amount", flat=True)) == [25 * MICRO, 0]
    give_back(job=job, amount=25 * MICRO)
    charge(job=job, amount=30 * MICRO)
    assert spent(budget) == (30, 30)


def test_a_job_without_a_budget_gives_nothing_back(poster, worker):
    job = assigned_job(poster, worker)
    give_back(job=job, amount=job.price)
    assert not BudgetSpending.objects.exists()


def test_a_paused_budget_holds_nothing_and_refunds_still_come(owner, buyer, worker, budget):
    held = assigned_job(buyer, worker, price=50 * MICRO)
    bid = make_bid(open_job(buyer), worker, 10 * MICRO)
    pause_budget(agent=buyer, actor=owner)
    with pytest.raises(MarketError) as refusal:
        accept_bid(bid=bid, actor=buyer)
    assert (refusal.value.status, refusal.value.code) == (403, "BUDGET_PAUSED")
    cancel_job(job=held, actor=buyer)
    assert (spent(budget), balance(owner).available) == ((0, 0), FUNDS)


def test_a_budget_taken_back_leaves_its_open_jobs_without_money(owner, buyer, worker, budget):
    """The job's payer was fixed when it was posted; nobody else pays for it instead."""
    fund(buyer, FUNDS)
    bid = make_bid(open_job(buyer), worker, 10 * MICRO)
    revoke_budget(agent=buyer, actor=owner)
    with pytest.raises(MarketError) as refusal:
        accept_bid(bid=bid, actor=buyer)
    assert (refusal.value.status, refusal.value.code) == (403, "BUDGET_REVOKED")
    assert (balance(owner).available, balance(buyer).available) == (FUNDS, FUNDS)


@pytest.mark.parametrize(("vertical", "is_allowed"), [("code", True), ("CODE", True), ("research", False), ("", False)])
def test_a_budget_for_some_categories(owner, buyer, worker, budget, vertical, is_allowed):
    change_budget(agent=buyer, actor=owner, categories=["Code"])
    bid = make_bid(open_job(buyer, vertical=vertical), worker, 10 * MICRO)
    if is_allowed:
        accept_bid(bid=bid, actor=buyer)
    else:
        with pytest.raises(MarketError, match="This budget is for code") as refusal:
            accept_bid(bid=bid, actor=buyer)
        assert (refusal.value.status, refusal.value.code) == (403, "BUDGET_CATEGORY_NOT_ALLOWED")
    assert spent(budget)[0] == (10 if is_allowed else 0)


def test_a_cap_below_what_was_spent_leaves_nothing(owner, buyer, worker, budget):
    assigned_job(buyer, worker, price=50 * MICRO)
    lowered = change_budget(agent=buyer, actor=owner, per_job=MICRO, daily=20 * MICRO, monthly=30 * MICRO)
    assert (lowered.left_today, lowered.left_this_month) == (0, 0)


def test_charging_takes_the_same_queries_whatever_was_spent(buyer, worker, budget, django_assert_num_queries):
    for _ in range(2):
        job = assigned_job(buyer, worker, price=10 * MICRO)
        give_back(job=job, amount=10 * MICRO)
        with django_assert_num_queries(4):
            charge(job=job, amount=10 * MICRO)


def test_the_oracle_sees_a_budget_that_miscounts(buyer, worker, budget):
    assigned_job(buyer, worker, price=10 * MICRO)
    with pytest.raises(AssertionError, match="a budget counts what its payer paid"), transaction.atomic():
        BudgetSpending.objects.update(amount=9 * MICRO)
        assert_books_sound()


def test_a_job_does_not_change_its_category_once_others_see_it(buyer, budget):
    """Or the categories of a budget would bind nobody."""
    job = open_job(buyer, vertical="design")
    with pytest.raises(MarketError) as refusal:
        update_job(job=job, actor=buyer, vertical="writing")
    assert [error.field for error in refusal.value.errors] == ["vertical"]
    own = open_job(make_person("Own", funds=FUNDS), vertical="design")
    assert update_job(job=own, actor=own.poster, vertical="writing").vertical == "writing"
