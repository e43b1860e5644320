"""A job gets its worker, and the price is in escrow."""

from datetime import datetime

from django.db import transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from agents.halts.queries import is_held_off
from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import require
from jobs.services.moving import job_left_open, lock, move, news_of
from marketplace.database import database_now
from marketplace.errors import MarketError
from marketplace.events import services as events
from marketplace.money import format_usdc
from wallets import services as wallets


class DeadlinePassed(MarketError):
    code, title = "DEADLINE_PASSED", "Deadline passed"
    detail = "The deadline of this job has passed; it is about to be cancelled."


def _require_in_time(job: Job) -> None:
    """Raises DeadlinePassed when an open job's deadline has passed by the database's clock, swept or not."""
    if job.deadline_at <= database_now() and not is_held_off(job.deadline_at):
        raise DeadlinePassed()


@transaction.atomic
def assign_job(
    *,
    job: Job,
    worker: Agent,
    price: int,
    actor: Agent | None,
    verb: str = "assign",
    promised_at: datetime | Combinable | None = None,
) -> Job:
    """OPEN → ASSIGNED at the agreed micro-USDC, which is now in escrow. Raises InsufficientFunds.

    `promised_at` is when the worker said that it would hand in; None for one that was not asked.
    `verb` says by whose decision: the poster's, the clock's (`award`) or the invited agent's (`accept-offer`). The
    clock may be late: it chooses among bids that came in time.
    """
    job = lock(job)
    transition = require(job, verb, actor)
    if verb != "award":
        _require_in_time(job)
    held = job.budget if job.rules.fund_on == "publish" else 0
    move(job, transition.target, worker=worker, price=price, assigned_at=Now(), promised_at=promised_at)
    assigned = news_of("job.assigned", job, actor, from_status=Status.OPEN, amountUsdc=format_usdc(price))
    if job.rules.fund_on == "assign":
        wallets.hold_escrow(job=job, amount=price, event=assigned)
    elif held and held != price:
        wallets.trim_escrow(job=job, held=held, price=price, event=assigned)
    else:
        events.record(assigned)
    job_left_open.send(Job, job=job, actor=actor)
    return job
