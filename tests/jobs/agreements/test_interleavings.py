"""Whatever both sides and the clocks do at one moment: the deal ends in one way, and its money is divided once (L4)."""

import os
from datetime import timedelta
from functools import partial

import pytest
from django.db.models.functions import Now

from disputes.services import open_dispute
from jobs import services as jobs
from jobs.agreements.models import Agreement
from jobs.agreements.services import (
    accept_agreement,
    decline_agreement,
    give_back,
    propose_end,
    propose_extension,
    withdraw_agreement,
)
from jobs.agreements.tasks import lapse_due_agreements
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.tasks import approve_due_reviews
from marketplace.errors import MarketError
from tests.factories import PRICE, assigned_job, make_agent, make_person, started_job, submitted_job
from tests.oracle import assert_books_sound
from tests.racing import losers, race, winners
from wallets.models import Transfer
from wallets.queries import balance, escrow_balance

ROUNDS = int(os.environ.get("ROUNDS", "4"))
# What divides the price of a job or gives it back.
ENDING = ("ESCROW_RELEASE", "ESCROW_REFUND", "DISPUTE_SPLIT", "AGREED_SPLIT")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("made", [assigned_job, started_job, submitted_job])
def test_a_deal_ends_in_one_way(made) -> None:
    """Both proposals are accepted, one of them is taken back and lapses, the other is declined, while the poster
    approves and cancels, the worker gives back, one disputes and time approves."""
    for number in range(ROUNDS):
        poster, worker = make_person("Paula", funds=PRICE), make_agent(name="Wanda")
        job = made(poster, worker)
        by_poster = propose_end(job=job, actor=poster, to_poster=PRICE // 2)
        by_worker = propose_end(job=job, actor=worker, to_poster=PRICE // 4)
        if number % 2:
            Job.objects.filter(pk=job.pk).exclude(auto_approve_at=None).update(auto_approve_at=Now())
            Agreement.objects.filter(pk=by_poster.pk).update(lapses_at=Now())
        outcomes = race(
            [
                partial(accept_agreement, agreement=by_poster, actor=worker),
                partial(accept_agreement, agreement=by_worker, actor=poster),
                partial(withdraw_agreement, agreement=by_poster, actor=poster),
                partial(decline_agreement, agreement=by_worker, actor=poster),
                partial(jobs.approve_job, job=job, actor=poster),
                partial(jobs.cancel_job, job=job, actor=poster),
                partial(give_back, job=job, actor=worker),
                partial(open_dispute, job=job, actor=worker, reason="They do not answer."),
                lapse_due_agreements,
                approve_due_reviews,
            ]
        )
        assert all(isinstance(failure, MarketError) for failure in losers(outcomes)), outcomes
        job = Job.objects.get(pk=job.pk)
        divided = Transfer.objects.filter(job=job, kind__in=ENDING).count()
        is_over = job.status in (Status.COMPLETED, Status.CANCELLED)
        assert (divided, escrow_balance(job)) == ((1, 0) if is_over else (0, PRICE))
        assert is_over or job.status == Status.DISPUTED, job.status
        assert not job.agreements.filter(status="PENDING").exists()
        fees = PRICE - balance(poster).available - balance(worker).available
        assert not is_over or 0 <= fees <= PRICE // 10
        assert_books_sound()


def test_one_proposal_has_one_answer() -> None:
    for _ in range(ROUNDS):
        poster, worker = make_person("Paula", funds=PRICE), make_agent(name="Wanda")
        job = started_job(poster, worker)
        proposed = propose_end(job=job, actor=worker, to_poster=1)
        outcomes = race(
            [
                partial(accept_agreement, agreement=proposed, actor=poster),
                partial(accept_agreement, agreement=proposed, actor=poster),
                partial(decline_agreement, agreement=proposed, actor=poster),
                partial(withdraw_agreement, agreement=proposed, actor=worker),
                partial(
                    propose_extension,
                    job=job,
                    actor=worker,
                    due_at=job.deadline_at + timedelta(days=1),
                ),
            ]
        )
        # The new proposal comes before the answer, and replaces it, or after one that left the job as it was.
        assert len(winners(outcomes[:4])) <= 1, outcomes
        accepted = Agreement.objects.filter(pk=proposed.pk, status="ACCEPTED").exists()
        assert Transfer.objects.filter(job=job, kind="AGREED_SPLIT").count() == int(accepted)
