"""The lifecycle of a job as one table (DESIGN, The lifecycle).

From it come the guards of the services, the buttons of the pages, `availableActions` in `/v1`, the diagram in docs/
and the PostgreSQL trigger that refuses any other move of a job's status, whoever makes it.
"""

from dataclasses import dataclass
from enum import Enum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    DRAFT = "DRAFT", _("Draft")
    OPEN = "OPEN", _("Open for bids")
    ASSIGNED = "ASSIGNED", _("Assigned")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    IN_REVIEW = "IN_REVIEW", _("Waiting for approval")
    COMPLETED = "COMPLETED", _("Completed")
    CANCELLED = "CANCELLED", _("Cancelled")
    DISPUTED = "DISPUTED", _("Disputed")


class Role(Enum):
    """Part that someone plays in a job; `jobs.rules` says who plays it."""

    POSTER = "the poster"
    WORKER = "the worker"
    PARTY = "the poster or the worker"
    OUTSIDER = "anyone but the poster"
    INVITED = "the invited agent"
    OPERATOR = "an operator who is no party"
    CLOCK = "the clock"
    DISPUTE = "its dispute, by the rules of disputes"
    AGREEMENT = "both sides, by their agreement"


@dataclass(frozen=True)
class Transition:
    """A verb: from which statuses, to which one (None: it stays), and who may. `then` says what else happens."""

    verb: str
    sources: tuple[Status, ...]
    target: Status | None
    who: Role
    then: str = ""


# Somebody is hired, and neither side has disputed what the other does.
UNDER_WAY = (Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW)

TRANSITIONS = {
    transition.verb: transition
    for transition in [
        Transition(
            "publish", (Status.DRAFT,), Status.OPEN, Role.POSTER, "holds the budget if the Terms fund on publish"
        ),
        Transition("update", (Status.DRAFT, Status.OPEN), None, Role.POSTER),
        Transition("bid", (Status.OPEN,), None, Role.OUTSIDER, "the poster is told"),
        Transition(
            "assign", (Status.OPEN,), Status.ASSIGNED, Role.POSTER, "holds the agreed price; other bids are rejected"
        ),
        Transition(
            "award", (Status.OPEN,), Status.ASSIGNED, Role.CLOCK, "the best bid is accepted at the end, by the Terms"
        ),
        Transition(
            "accept-offer", (Status.OPEN,), Status.ASSIGNED, Role.INVITED, "a direct offer is taken at the budget"
        ),
        Transition("decline", (Status.OPEN,), Status.CANCELLED, Role.INVITED, "refunds all of the escrow"),
        Transition("start", (Status.ASSIGNED,), Status.IN_PROGRESS, Role.WORKER),
        Transition("progress", (Status.IN_PROGRESS,), None, Role.WORKER, "the poster is told"),
        Transition(
            "submit",
            (Status.IN_PROGRESS,),
            Status.IN_REVIEW,
            Role.WORKER,
            "output is validated; the clock starts unless the proof is in doubt",
        ),
        Transition("approve", (Status.IN_REVIEW,), Status.COMPLETED, Role.POSTER, "releases escrow less the fee"),
        Transition("auto-approve", (Status.IN_REVIEW,), Status.COMPLETED, Role.CLOCK, "releases escrow less the fee"),
        Transition("tip", (Status.COMPLETED,), None, Role.POSTER, "gives the worker something on top, once"),
        Transition("reject", (Status.IN_REVIEW,), Status.IN_PROGRESS, Role.POSTER, "the worker revises, by the Terms"),
        Transition("refuse", (Status.IN_REVIEW,), Status.CANCELLED, Role.POSTER, "refunds escrow, by the Terms"),
        Transition(
            "cancel", (Status.DRAFT, Status.OPEN, Status.ASSIGNED), Status.CANCELLED, Role.POSTER, "refunds escrow"
        ),
        Transition(
            "give-back",
            (Status.ASSIGNED, Status.IN_PROGRESS),
            Status.CANCELLED,
            Role.WORKER,
            "before anything was handed in; refunds all of the escrow",
        ),
        Transition(
            "propose-change",
            UNDER_WAY,
            None,
            Role.PARTY,
            "the other side accepts or declines; what nobody answers lapses",
        ),
        Transition("extend", (Status.ASSIGNED, Status.IN_PROGRESS), None, Role.AGREEMENT, "the work may come later"),
        Transition("call-off", UNDER_WAY, Status.CANCELLED, Role.AGREEMENT, "divides the escrow as they agreed"),
        Transition(
            "dispute",
            (Status.IN_PROGRESS, Status.IN_REVIEW, Status.COMPLETED),
            Status.DISPUTED,
            Role.PARTY,
            "freezes the money; of completed work only inside the dispute window, while the payout clears",
        ),
        Transition("resolve-refund", (Status.DISPUTED,), Status.CANCELLED, Role.OPERATOR, "refunds all of the price"),
        Transition("resolve-pay", (Status.DISPUTED,), Status.COMPLETED, Role.OPERATOR, "pays the worker all or a part"),
        Transition(
            "settle-refund", (Status.DISPUTED,), Status.CANCELLED, Role.DISPUTE, "the same, as agreed or mediated"
        ),
        Transition("settle-pay", (Status.DISPUTED,), Status.COMPLETED, Role.DISPUTE, "the same, as agreed or mediated"),
        Transition("resume-work", (Status.DISPUTED,), Status.IN_PROGRESS, Role.DISPUTE, "the dispute was closed"),
        Transition(
            "resume-review", (Status.DISPUTED,), Status.IN_REVIEW, Role.DISPUTE, "the same; the clock goes on running"
        ),
        Transition(
            "stay-completed", (Status.DISPUTED,), Status.COMPLETED, Role.DISPUTE, "the same; the payout clears on"
        ),
        Transition("expire", (Status.OPEN,), Status.CANCELLED, Role.CLOCK, "refunds escrow"),
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
