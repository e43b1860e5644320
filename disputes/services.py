"""The verbs of a dispute. Each locks the job first, like every other verb on it."""

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from disputes.models import Dispute
from jobs.models import Job
from jobs.services import SHORTEST_REASON, freeze_job, settle_job
from marketplace.errors import Invalid, MarketError


class NothingToResolve(MarketError):
    code, title = "NO_OPEN_DISPUTE", "No open dispute"
    detail = "This dispute has been resolved."


@transaction.atomic
def open_dispute(*, job: Job, actor: Agent, reason: str) -> Dispute:
    """Either party says what is wrong; the job's money is frozen until a ruling."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid.field("reason", "Say what is wrong.")
    job = freeze_job(job=job, actor=actor, reason=reason)
    dispute: Dispute = Dispute.objects.create(job=job, opened_by=actor, reason=reason)
    return dispute


@transaction.atomic
def resolve_dispute(*, dispute: Dispute, actor: Agent, to_poster: int, note: str) -> Dispute:
    """An operator who is no party rules: `to_poster` micro-USDC go back, the worker gets the rest less the fee."""
    if len(note.strip()) < SHORTEST_REASON:
        raise Invalid.field("note", "Say why; both sides read it.")
    job = settle_job(job=dispute.job, actor=actor, to_poster=to_poster, note=note)
    ruled = Dispute.objects.filter(pk=dispute.pk, status=Dispute.Status.OPEN).update(
        status=Dispute.Status.RESOLVED, to_poster=to_poster, note=note, resolved_by=actor, resolved_at=Now()
    )
    if not ruled:
        raise NothingToResolve()
    dispute.refresh_from_db()
    dispute.job = job
    return dispute
