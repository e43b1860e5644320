"""Terms: the rules of a deal, fixed with it (DESIGN, Words and Default Terms)."""

from typing import Any

import pytest

from bids.services import accept_bid, hire_agent
from jobs import services as jobs
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import available_actions
from jobs.services import NoRevisionsLeft
from jobs.terms import Terms
from marketplace.errors import Invalid
from marketplace.money import share
from tests.factories import (
    BUDGET,
    FUNDS,
    OUTPUT,
    PRICE,
    assigned_job,
    completed_job,
    draft_job,
    make_bid,
    make_person,
    open_job,
    submitted_job,
)
from wallets.ledger import InsufficientFunds
from wallets.models import Transfer
from wallets.queries import balance, escrow_balance


def test_the_default_terms_are_those_of_the_design():
    assert Terms.default().dump() == {
        "fund_on": "assign",
        "release_fee_bps": 500,
        "cancel_fee_bps": 0,
        "dispute_fee_bps": 100,
        "review_window_seconds": 7 * 24 * 3600,
        "dispute_window_seconds": 0,
        "revisions_allowed": None,
        "rejection": "revise",
        "bidding": "open",
        "bidding_window_seconds": None,
        "weights": {"price": 40, "reputation": 30, "eta": 15, "relevance": 15},
        "auto_accept": False,
        "negotiation_window_seconds": 3 * 24 * 3600,
        "mediation_window_seconds": 3 * 24 * 3600,
        "arbitration_window_seconds": 7 * 24 * 3600,
    }


def test_nobody_agrees_on_more_rounds_than_the_market_allows(poster_api, settings):
    """The forms, the API and the Terms have one limit."""
    settings.MOST_REVISIONS = 20
    Terms.default(revisions_allowed=20)
    with pytest.raises(Invalid, match="between 0 and 20"):
        Terms.default(revisions_allowed=21)
    body = {"title": "A poem", "description": "Short.", "budgetUsdc": "5.00", "terms": {"revisionsAllowed": 21}}
    refused = poster_api.post("/jobs", body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "terms.revisionsAllowed")


def test_terms_are_kept_as_they_were_agreed():
    terms = Terms.default(fund_on="publish", revisions_allowed=2)
    assert Terms.load(terms.dump()) == terms


def test_terms_from_before_there_were_auctions_are_read_as_they_were_meant():
    before = {
        name: value
        for name, value in Terms.default().dump().items()
        if name not in ("bidding_window_seconds", "weights", "auto_accept")
        and not name.endswith("ation_window_seconds")
    }
    terms = Terms.load(before)
    assert (terms.bidding_window_seconds, terms.weights, terms.auto_accept) == (None, None, False)
    assert (terms.negotiation_window_seconds, terms.arbitration_window_seconds) == (3 * 24 * 3600, 7 * 24 * 3600)


NONSENSE: list[tuple[str, Any, str]] = [
    ("fund_on", "later", "terms.fund_on"),
    ("rejection", "ignore", "terms.rejection"),
    ("bidding", "dutch", "terms.bidding"),
    ("release_fee_bps", -1, "terms.release_fee_bps"),
    ("release_fee_bps", 10_001, "terms.release_fee_bps"),
    ("cancel_fee_bps", 10_001, "terms.cancel_fee_bps"),
    ("dispute_fee_bps", -1, "terms.dispute_fee_bps"),
    ("review_window_seconds", 0, "terms.reviewWindowSeconds"),
    ("review_window_seconds", 90 * 24 * 3600 + 1, "terms.reviewWindowSeconds"),
    ("dispute_window_seconds", -1, "terms.disputeWindowSeconds"),
    ("negotiation_window_seconds", -1, "terms.negotiationWindowSeconds"),
    ("mediation_window_seconds", 90 * 24 * 3600 + 1, "terms.mediationWindowSeconds"),
    ("arbitration_window_seconds", -1, "terms.arbitrationWindowSeconds"),
    ("revisions_allowed", -1, "terms.revisionsAllowed"),
    ("revisions_allowed", 101, "terms.revisionsAllowed"),
    ("bidding_window_seconds", 59, "terms.biddingWindowSeconds"),
    ("bidding_window_seconds", 90 * 24 * 3600 + 1, "terms.biddingWindowSeconds"),
    ("bidding", "sealed_bid", "terms.biddingWindowSeconds"),
    ("auto_accept", True, "terms.biddingWindowSeconds"),
    ("weights", {"price": -1}, "terms.weights.price"),
    ("weights", {"price": 101}, "terms.weights.price"),
    ("weights", {"luck": 1}, "terms.weights.luck"),
    ("weights", {"price": 0}, "terms.weights"),
]


@pytest.mark.parametrize(("term", "value", "field"), NONSENSE)
def test_terms_that_make_no_sense_are_refused_by_name(term, value, field):
    with pytest.raises(Invalid) as refusal:
        Terms.default(**{term: value})
    assert [error.field for error in refusal.value.errors] == [field]


def held(job: Job) -> tuple[int, int, int]:
    """What the poster may spend, what is held in all, and what is held for this job."""
    money = balance(job.poster)
    return money.available, money.held, escrow_balance(job)


def test_money_is_held_when_the_job_is_assigned(poster, worker):
    job = open_job(poster)
    assert held(job) == (FUNDS, 0, 0)
    accept_bid(bid=make_bid(job, worker), actor=poster)
    assert held(job) == (FUNDS - PRICE, PRICE, PRICE)


def test_money_is_held_when_the_job_is_published_and_trimmed_to_the_price(poster, worker):
    job = open_job(poster, terms={"fund_on": "publish"})
    assert held(job) == (FUNDS - BUDGET, BUDGET, BUDGET)
    accept_bid(bid=make_bid(job, worker), actor=poster)
    assert held(job) == (FUNDS - PRICE, PRICE, PRICE)


def test_nothing_is_trimmed_when_the_price_is_the_budget(poster, worker):
    job = hire_agent(job=open_job(poster, terms={"fund_on": "publish"}), agent=worker, actor=poster)
    assert held(job) == (FUNDS - BUDGET, BUDGET, BUDGET)
    assert not Transfer.objects.filter(kind=Transfer.Kind.ESCROW_TRIM).exists()


def test_a_job_that_is_never_funded_moves_no_money(poster, worker):
    job = completed_job(poster, worker, terms={"fund_on": "never"})
    assert (job.status, balance(worker).available, held(job)) == (Status.COMPLETED, 0, (FUNDS, 0, 0))


def test_a_draft_holds_nothing(poster):
    assert held(draft_job(poster, terms={"fund_on": "publish"})) == (FUNDS, 0, 0)


@pytest.mark.django_db
def test_who_cannot_pay_cannot_publish_or_assign(worker):
    poor = make_person(funds=PRICE - 1)
    with pytest.raises(InsufficientFunds):
        open_job(poor, terms={"fund_on": "publish"})
    job = open_job(poor)
    bid = make_bid(job, worker)
    with pytest.raises(InsufficientFunds) as refusal:
        accept_bid(bid=bid, actor=poor)
    assert refusal.value.extra == {"available": "79.999999"}
    job.refresh_from_db()
    assert job.status == Status.OPEN


@pytest.mark.parametrize("fee_bps", [0, 50, 10_000])
@pytest.mark.parametrize("fund_on", ["publish", "assign", "never"])
def test_cancelling_refunds_less_the_fee_of_the_terms(poster, worker, fund_on, fee_bps):
    job = assigned_job(poster, worker, terms={"fund_on": fund_on, "cancel_fee_bps": fee_bps})
    jobs.cancel_job(job=job, actor=poster)
    paid = share(PRICE, fee_bps) if fund_on != "never" else 0
    assert held(job) == (FUNDS - paid, 0, 0)


def test_an_open_job_that_is_cancelled_refunds_what_it_held(poster, worker):
    job = make_bid(open_job(poster, terms={"fund_on": "publish"}), worker).job
    jobs.cancel_job(job=job, actor=poster)
    assert held(job) == (FUNDS, 0, 0)
    assert job.bids.get().status == "REJECTED"


def test_by_the_terms_a_rejection_refunds_and_ends_the_job(poster, worker):
    job = submitted_job(poster, worker, terms={"rejection": "refund", "cancel_fee_bps": 5000})
    assert "refuse" in available_actions(job, poster) and "reject" not in available_actions(job, poster)
    job = jobs.reject_submission(job=job, actor=poster, reason="Not usable.")
    assert (job.status, held(job)) == (Status.CANCELLED, (FUNDS, 0, 0))
    assert job.submissions.get().verdict == "REJECTED"


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_revisions_are_as_many_as_agreed(poster, worker, allowed):
    job = submitted_job(poster, worker, terms={"revisions_allowed": allowed})
    for _ in range(allowed):
        jobs.reject_submission(job=job, actor=poster, reason="Too long.")
        jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
    with pytest.raises(NoRevisionsLeft):
        jobs.reject_submission(job=job, actor=poster, reason="Too long.")
    job.refresh_from_db()
    assert (job.status, job.revision_count) == (Status.IN_REVIEW, allowed)


def test_a_published_job_keeps_the_amount_that_bidders_counted_on(poster, worker):
    job = make_bid(open_job(poster), worker).job
    forbidden: list[dict[str, Any]] = [{"budget": 1}, {"terms": {}}, {"status": "COMPLETED"}, {"poster": worker}]
    for changes in forbidden:
        with pytest.raises(Invalid):
            jobs.update_job(job=job, actor=poster, **changes)
    assert jobs.update_job(job=job, actor=poster, title="A better title").title == "A better title"


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"terms": {"biding": "sealed"}}, "terms.biding", "bidding, biddingWindowSeconds"),
        ({"terms": {"weights": {"speed": 5}}}, "terms.weights.speed", "one of price, reputation, eta, relevance"),
        ({"outputSchema": {"type": "object"}}, "outputSchema", "templateId"),
    ],
)
def test_a_slip_that_would_change_the_deal_is_refused_by_name(
    poster_api: Any, sent: dict[str, Any], field: str, says: str
) -> None:
    body = {"title": "T", "budgetUsdc": "1"}
    answer = poster_api.post("/jobs", {**body, **sent})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, field)
    assert says in error["message"]
    assert not Job.objects.exists()
    assert poster_api.post("/jobs", {**body, "clientVersion": "1", "terms": {"biding": None}}).status_code == 201
