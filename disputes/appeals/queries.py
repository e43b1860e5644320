"""Reads of appeals."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from agents.models import Agent
from disputes.appeals.models import Appeal
from disputes.appeals.rules import may_appeal
from disputes.models import Dispute, Side
from disputes.rules import side_of
from marketplace.screening.queries import with_flags


def appeals_against(dispute: Dispute) -> QuerySet[Appeal]:
    """Those of either side, oldest first; for who may read the dispute."""
    appeals = with_flags(dispute.appeals.select_related("made_by", "decided_by"))
    return appeals.order_by("created_at", "id")


def may_still_appeal(dispute: Dispute, actor: Agent | None) -> bool:
    """Whether the actor's side may appeal and has not."""
    return may_appeal(dispute, actor) and not dispute.appeals.filter(side=side_of(actor, dispute)).exists()


def waiting() -> QuerySet[Appeal]:
    """Those that nobody has decided, what waits longest first."""
    return Appeal.objects.filter(status=Appeal.Status.OPEN).order_by("created_at", "id")


def overturned(days: int) -> tuple[int, int]:
    """How many appeals were decided in the last days, and in how many of them the ruling was wrong."""
    decided = Appeal.objects.filter(decided_at__gt=Now() - timedelta(days=days))
    counted = decided.aggregate(all=Count("pk"), wrong=Count("pk", filter=Q(status=Appeal.Status.CORRECTED)))
    return counted["all"], counted["wrong"]


def wallet_of(appeal: Appeal) -> Agent:
    """Whose money the ruling kept: the payer's or the worker's."""
    job = appeal.dispute.job
    return job.payer if appeal.side == Side.POSTER else job.deal[0]


def find_appeal(pk: UUID) -> Appeal | None:
    """An appeal with its dispute and all whom it is about."""
    people = ("job__poster__user", "job__poster__owner", "job__worker__user", "job__worker__owner", "mediator")
    found = Appeal.objects.select_related("made_by", "decided_by", *(f"dispute__{name}" for name in people))
    return found.filter(pk=pk).first()
