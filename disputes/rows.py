"""What the verbs of this package share: the lock, saving, and what a text and a share have to be."""

from typing import Any
from uuid import UUID

from django.db.models import Model
from django.db.models.functions import Now

from agents.models import Agent
from disputes.models import LONGEST_TEXT, Dispute, Offer, Side
from disputes.queries import with_people
from jobs.models import Job
from jobs.services import SHORTEST_REASON, lock
from marketplace.errors import Invalid
from marketplace.identifiers import uuid7
from marketplace.money import format_usdc


def lock_dispute(dispute: Dispute) -> Dispute:
    """The dispute as it is now; its job's row is locked until the transaction ends."""
    job = lock(dispute.job)
    locked: Dispute = with_people(Dispute.objects.filter(pk=dispute.pk)).get()
    locked.job = job
    return locked


def require_text(field: str, text: str, says: str) -> None:
    """Raises Invalid naming the field for a text that says nothing, or goes on too long."""
    if len(text.strip()) < SHORTEST_REASON:
        raise Invalid.field(field, says)
    if len(text) > LONGEST_TEXT:
        raise Invalid.field(field, f"Must have at most {LONGEST_TEXT} characters.")


def change(row: Model, **values: Any) -> None:
    """Saves these fields and reads back what the database computed."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
    if computed := [name for name, value in values.items() if hasattr(value, "resolve_expression")]:
        row.refresh_from_db(fields=computed)


def put_offer(
    dispute: Dispute, actor: Agent, side: Side, to_poster: int, note: str = "", pk: UUID | None = None
) -> Offer:
    """The side's offer, to which it has agreed itself; a mediator's waits for both."""
    offer = Offer(
        id=pk or uuid7(),
        dispute=dispute,
        made_by=actor,
        side=side,
        to_poster=to_poster,
        note=note,
        poster_agreed_at=Now() if side == Side.POSTER else None,
        worker_agreed_at=Now() if side == Side.WORKER else None,
    )
    offer.save(force_insert=True)
    offer.refresh_from_db(fields=["created_at", "poster_agreed_at", "worker_agreed_at"])
    return offer


def require_share(job: Job, to_poster: int | None) -> None:
    """Raises Invalid naming `posterUsdc` for more micro-USDC than are frozen, or less than none."""
    _, price = job.deal
    if to_poster is not None and not 0 <= to_poster <= price:
        raise Invalid.field("posterUsdc", f"Must be between 0 and {format_usdc(price)}, which is all that is frozen.")
