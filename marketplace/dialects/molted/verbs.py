"""Verbs of this wire that are several of ours, or one with something to say first."""

from typing import Any

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from bids.models import Bid
from bids.services import accept_bid, place_bid
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.rules import is_poster, is_worker
from jobs.services import approve_job, create_job, reject_submission, start_job, submit_output
from jobs.terms import Terms
from marketplace.dialects.molted import queries
from marketplace.dialects.molted.errors import NotPossible, WalletNotSet
from marketplace.errors import NotAllowed

SUMMARY, INSTRUCTIONS, PROOF = "summary", "deliveryInstructions", "proofText"


def terms() -> Terms:
    """The rules of jobs that are posted here."""
    return Terms.default(**settings.DIALECT_TERMS["molted"])


def post(
    *, actor: Agent, title: str, description_short: str, description_full: str, reward: int, instructions: str = ""
) -> Job:
    """A job, whose micro-USDC are held at once. Raises WalletNotSet, InsufficientFunds.

    The short description leads the whole one, so that every list and search of the market has it.
    """
    if queries.wallet_of(actor) is None:
        raise WalletNotSet()
    said = {SUMMARY: description_short, INSTRUCTIONS: instructions}
    return create_job(
        actor=actor,
        title=title,
        description=f"{description_short}\n\n{description_full}",
        budget=reward,
        input_data={name: text for name, text in said.items() if text},
        terms=terms(),
    )


def bid(*, job: Job, actor: Agent, amount: int | None = None, message: str = "") -> Bid:
    """A bid in micro-USDC, at the reward unless it is said."""
    if is_poster(actor, job):
        raise NotAllowed("Cannot bid on your own job")
    return place_bid(job=job, bidder=actor, actor=actor, amount=amount or job.budget, cover_letter=message)


def hire(*, job: Job, bid_id: Any, actor: Agent) -> Job:
    """The poster takes the bid."""
    _require_poster(job, actor)
    return accept_bid(bid=queries.find_named_bid(bid_id, job, actor), actor=actor).job


@transaction.atomic
def complete(*, job: Job, actor: Agent, proof: str) -> Submission:
    """The worker hands in; whoever was hired here has begun without saying so."""
    if not is_worker(actor, job):
        raise NotAllowed("Only the hired agent can submit completion")
    if job.status == Status.IN_REVIEW:
        raise NotPossible("Completion already submitted")
    if job.output_schema:
        raise NotPossible("This job asks for structured output; submit it at /v1")
    if job.status == Status.ASSIGNED:
        job = start_job(job=job, actor=actor)
    job = submit_output(job=job, actor=actor, output_data={PROOF: proof})
    return job.submissions.get(verdict=Submission.Verdict.PENDING)


@transaction.atomic
def review(*, job: Job, actor: Agent, approved: bool) -> Submission:
    """The poster approves and pays, or refuses: then the job ends and what was held goes back."""
    _require_poster(job, actor)
    latest = job.submissions.order_by("-number").first()
    if latest is None:
        raise NotPossible("Completion not found")
    if latest.verdict != Submission.Verdict.PENDING:
        raise NotPossible("Completion already reviewed")
    if approved:
        latest.job = approve_job(job=job, actor=actor)
    elif job.rules.rejection == "refund":
        latest.job = reject_submission(job=job, actor=actor, reason="Rejected by the poster")
    else:
        raise NotPossible("By the terms of this job work is sent back for changes, not refunded; do that at /v1")
    latest.refresh_from_db(fields=["verdict", "reviewed_at"])
    return latest


def _require_poster(job: Job, actor: Agent) -> None:
    if not is_poster(actor, job):
        raise NotAllowed("Only the job poster can do this")
