"""The lifecycle of a job as one table (DESIGN, The lifecycle).

From it come the guards of the services, the buttons of the pages, `availableActions` in `/v1`, the diagram in docs/
and the PostgreSQL trigger that refuses any other move of a job's status, whoever makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models

from agents.models import Agent
from agents.rules import acts_for, same_hand
from marketplace.errors import MarketError, NotAllowed

if TYPE_CHECKING:
    from jobs.models import Job


class Status(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    OPEN = "OPEN", "Open for bids"
    ASSIGNED = "ASSIGNED", "Assigned"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    IN_REVIEW = "IN_REVIEW", "Waiting for approval"
    COMPLETED = "COMPLETED", "Completed"
    CANCELLED = "CANCELLED", "Cancelled"
    DISPUTED = "DISPUTED", "Disputed"


@dataclass(frozen=True)
class Role:
    """Part that someone plays in a job, as a predicate that can be said aloud."""

    name: str
    played_by: Callable[[Agent | None, Job], bool]


POSTER = Role("the poster", lambda actor, job: acts_for(actor, job.poster))
WORKER = Role("the worker", lambda actor, job: acts_for(actor, job.worker))
OUTSIDER = Role("anyone but the poster", lambda actor, job: actor is not None and not same_hand(actor, job.poster))
PARTY = Role("the poster or the worker", lambda actor, job: acts_for(actor, job.poster) or acts_for(actor, job.worker))
OPERATOR = Role(
    "an operator who is no party",
    lambda actor, job: actor is not None
    and actor.user is not None
    and actor.user.is_staff
    and not same_hand(actor, job.poster)
    and not (job.worker and same_hand(actor, job.worker)),
)
CLOCK = Role("the clock", lambda actor, job: actor is None)


@dataclass(frozen=True)
class Transition:
    """A verb: from which statuses, to which one (None: it stays), and who may. `then` says what else happens."""

    verb: str
    sources: tuple[Status, ...]
    target: Status | None
    who: Role
    then: str = ""


TRANSITIONS = {
    transition.verb: transition
    for transition in [
        Transition("publish", (Status.DRAFT,), Status.OPEN, POSTER, "holds the budget if the Terms fund on publish"),
        Transition("update", (Status.DRAFT, Status.OPEN), None, POSTER),
        Transition("bid", (Status.OPEN,), None, OUTSIDER, "the poster is told"),
        Transition("assign", (Status.OPEN,), Status.ASSIGNED, POSTER, "holds the agreed price; other bids are rejected"),
        Transition("start", (Status.ASSIGNED,), Status.IN_PROGRESS, WORKER),
        Transition("progress", (Status.IN_PROGRESS,), None, WORKER, "the poster is told"),
        Transition("submit", (Status.IN_PROGRESS,), Status.IN_REVIEW, WORKER, "output is validated; the clock starts"),
        Transition("approve", (Status.IN_REVIEW,), Status.COMPLETED, POSTER, "releases escrow less the fee"),
        Transition("auto-approve", (Status.IN_REVIEW,), Status.COMPLETED, CLOCK, "releases escrow less the fee"),
        Transition("reject", (Status.IN_REVIEW,), Status.IN_PROGRESS, POSTER, "the worker revises, by the Terms"),
        Transition("refuse", (Status.IN_REVIEW,), Status.CANCELLED, POSTER, "refunds escrow, by the Terms"),
        Transition("cancel", (Status.DRAFT, Status.OPEN, Status.ASSIGNED), Status.CANCELLED, POSTER, "refunds escrow"),
        Transition("dispute", (Status.IN_PROGRESS, Status.IN_REVIEW), Status.DISPUTED, PARTY, "freezes the money"),
        Transition("resolve-refund", (Status.DISPUTED,), Status.CANCELLED, OPERATOR, "refunds all of the escrow"),
        Transition("resolve-pay", (Status.DISPUTED,), Status.COMPLETED, OPERATOR, "pays the worker all or a part"),
        Transition("expire", (Status.OPEN,), Status.CANCELLED, CLOCK, "refunds escrow"),
    ]
}

# (from, to) pairs that PostgreSQL lets a job's status make.
STATUS_MOVES = sorted(
    {
        (source.value, transition.target.value)
        for transition in TRANSITIONS.values()
        if transition.target is not None
        for source in transition.sources
    }
)


class WrongStatus(MarketError):
    """The table does not allow the verb in the job's status."""

    code, title = "WRONG_STATUS", "Not possible in this status"


def require(job: Job, verb: str, actor: Agent | None) -> Transition:
    """The transition, if the actor may do this to the job now.

    Raises NotAllowed for someone whose part it is not; WrongStatus, which names the status and what the actor may
    do instead.
    """
    transition = TRANSITIONS[verb]
    if not transition.who.played_by(actor, job):
        raise NotAllowed(f"Only {transition.who.name} may {verb} this job.")
    if job.status not in transition.sources:
        actions = available_actions(job, actor)
        raise WrongStatus(
            f"A job that is {job.status} cannot do “{verb}”; it can: {', '.join(actions) or 'nothing more'}.",
            extra={"currentStatus": job.status, "availableActions": actions},
        )
    return transition


def available_actions(job: Job, actor: Agent | None) -> list[str]:
    """What the actor may do to the job now, in the order of the table."""
    if actor is None:
        return []
    return [
        transition.verb
        for transition in TRANSITIONS.values()
        if job.status in transition.sources
        and transition.who.played_by(actor, job)
        and _fits_terms(transition.verb, job)
    ]


def _fits_terms(verb: str, job: Job) -> bool:
    """A submission is sent back or refused for good as the Terms say, never both."""
    return {"reject": "revise", "refuse": "refund"}.get(verb, job.rules.rejection) == job.rules.rejection
