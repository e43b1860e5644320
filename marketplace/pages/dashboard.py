"""What a member sees first: what needs them now, how their work stands, and where their money is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When, Window
from django.db.models.functions import Coalesce, Now, RowNumber
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.halts.queries import clocks_stopped_at
from agents.models import Agent
from agents.queries import agents_of
from bids.queries import SEALED_RULES
from disputes.models import Dispute
from disputes.queries import needs_answer_of
from jobs.agreements.models import Agreement, Side
from jobs.drafts.queries import drafts_of
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.queries import with_parties
from jobs.reviews.queries import to_review
from jobs.terms import Terms
from marketplace.periods import FIRST_OF_MONTH
from wallets import queries as wallets

MOST_OF_A_KIND = 5
MOST_DRAFTS = 3
# A job whose dispute the member's side has to answer: the dispute is shown instead.
CASE = "case"


@dataclass(frozen=True)
class Kind:
    """Why a job is on the dashboard: what to say of it, whether it waits for the member, and the anchor to go to."""

    name: str
    words: str | Promise
    symbol: str
    tone: str
    waits_for_me: bool = True
    anchor: str = ""


# The first that fits a job is the one it is shown under; what runs out soonest stands first in each.
KINDS = {
    kind.name: kind
    for kind in [
        Kind("dispute", _("In dispute"), "scales", "red", waits_for_me=False),
        Kind("answer", _("A change of the deal to answer"), "pencil", "brass"),
        Kind("review", _("Work to review"), "eye", "brass"),
        Kind("offer", _("Offered to you"), "star", "green"),
        Kind("changes", _("Changes asked"), "again", "brass"),
        Kind("start", _("Yours: start it"), "arrow", "blue"),
        Kind("compare", _("Bids to compare"), "people", "green", anchor="#bids"),
        Kind("rate", _("How was it?"), "star", "blue", anchor="#review"),
        Kind("work", _("You are at it"), "work", "blue", waits_for_me=False),
        Kind("waiting", _("Waits for approval"), "clock", "brass", waits_for_me=False),
        Kind("posted", _("You posted it"), "page", "plain", waits_for_me=False),
    ]
}


def dashboard(actor: Agent) -> dict[str, Any]:
    """All that the page shows, for the person and the agents they own. What it asks of somebody with nothing under way
    is a callable."""
    hand, is_mediating = _hand(actor)
    to_answer = needs_answer_of(actor, hand)
    found = [(job.kind, job) for job in _most_urgent(hand, to_answer)]  # type: ignore[attr-defined]
    shown = [(KINDS[kind], job) for kind, job in found if kind != CASE]
    mine = [(kind, job) for kind, job in shown if kind.waits_for_me]
    mine += [(KINDS["rate"], job) for job in _to_rate(actor)]
    cases = to_answer.annotate(of_kind=Window(Count("pk"))).order_by("phase_ends_at", "pk")[:MOST_OF_A_KIND]
    # Not asked of somebody who has none.
    disputes = list(cases) if is_mediating or len(shown) < len(found) else []
    return {
        "needs": mine,
        "disputes": disputes,
        "work": [(kind, job) for kind, job in shown if not kind.waits_for_me],
        "more": _left_out([*found, *((CASE, dispute) for dispute in disputes)]),
        "drafts": drafts_of(actor)[:MOST_DRAFTS],
        "balance": wallets.balance(actor),
        "spent": _spent_this_month(actor, hand),
        "terms": Terms.default(),
        "has_history": Job.objects.filter(Q(poster__in=hand) | Q(worker__in=hand)).exists,
    }


def _hand(actor: Agent) -> tuple[list[UUID], bool]:
    """The ids of the actor and the agents they own, and whether disputes are given to one of them to mediate."""
    rows = agents_of(actor).order_by().values_list("pk", "mediator")
    rows = rows.union(Agent.objects.filter(pk=actor.pk).values_list("pk", "mediator"), all=True)
    hand, appointments = zip(*rows, strict=True)
    is_operator = actor.user is not None and actor.user.is_staff
    return list(hand), is_operator or any(appointments)


def _most_urgent(hand: list[UUID], to_answer: QuerySet[Dispute]) -> QuerySet[Job]:
    """A few live jobs of every kind, in the order of the kinds, in one query: `kind`, `due` and `of_kind` come along.
    The kind of those whose dispute is to be answered is CASE.

    By the ids of the hand, so that PostgreSQL has an index for each side of a job.
    """
    now = clocks_stopped_at() or Now()
    posted, given, offered = Q(poster__in=hand), Q(worker__in=hand), Q(status=Status.OPEN, invited__in=hand)
    reasons = {
        CASE: Q(status=Status.DISPUTED) & Exists(to_answer.filter(job=OuterRef("pk"))),
        "dispute": Q(status=Status.DISPUTED),
        "answer": posted & _asked_by(Side.WORKER, now) | given & _asked_by(Side.POSTER, now),
        "review": posted & Q(status=Status.IN_REVIEW),
        "offer": offered,
        "changes": given & Q(status=Status.IN_PROGRESS, revision_count__gt=0),
        "start": given & Q(status=Status.ASSIGNED),
        # Nobody compares them before they are opened.
        "posted": posted & Q(status=Status.OPEN, bidding_closed_at=None, terms__bidding__in=SEALED_RULES),
        "compare": posted & Q(status=Status.OPEN, bid_count__gt=0),
        "work": given & Q(status=Status.IN_PROGRESS),
        "waiting": given & Q(status=Status.IN_REVIEW),
    }
    whens = [When(reason, then=Value(name)) for name, reason in reasons.items()]
    order = Case(*(When(kind=name, then=Value(place)) for place, name in enumerate(KINDS)))
    live = Job.objects.exclude(status__in=[Status.DRAFT, Status.COMPLETED, Status.CANCELLED])
    jobs = live.filter(posted | given | offered).annotate(
        kind=Case(*whens, default=Value("posted"), output_field=CharField()),
        due=Coalesce("auto_approve_at", "promised_at", "deadline_at"),
    )
    jobs = jobs.annotate(
        place=Window(RowNumber(), partition_by=F("kind"), order_by=[F("due"), F("id")]),
        of_kind=Window(Count("pk"), partition_by=F("kind")),
    )
    return with_parties(jobs.filter(place__lte=MOST_OF_A_KIND)).order_by(order, F("due"), "pk")


def _asked_by(side: Side, now: datetime | Now) -> Exists:
    """Whether that side of the job proposed a change that waits for an answer."""
    waiting = Agreement.objects.filter(status=Agreement.Status.PENDING, lapses_at__gt=now)
    return Exists(waiting.filter(job=OuterRef("pk"), side=side))


def _to_rate(actor: Agent) -> QuerySet[Job]:
    """A few of the member's own finished jobs whose other side they may still review, those first that they may so for
    the shortest time. What their agents did is not shown: the list would never be empty."""
    ended_at = Coalesce("completed_at", "cancelled_at")
    return with_parties(to_review([actor.pk])).order_by(ended_at, "pk")[:MOST_OF_A_KIND]


def _left_out(shown: Iterable[tuple[str, Any]]) -> int:
    """How much is not shown, since there is more of its kind."""
    totals = {kind: one.of_kind for kind, one in shown}
    return sum(total - min(total, MOST_OF_A_KIND) for total in totals.values())


def _spent_this_month(actor: Agent, hand: list[UUID]) -> int:
    """Micro-USDC that left the wallet for work that was completed since the first of the month, tips included."""
    paid = Job.objects.filter(
        poster__in=hand, payer=actor, status=Status.COMPLETED, completed_at__date__gte=FIRST_OF_MONTH
    )
    return paid.aggregate(sum=Sum(F("price") + F("tip") - Coalesce("refund", 0)))["sum"] or 0
