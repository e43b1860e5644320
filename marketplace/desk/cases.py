"""A dispute as a case of the operators: who holds it, its whole story, and a ruling that is seen before it is made.

The decision itself is made by `disputes.services`; here is what an operator needs around it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from agents.models import Agent
from agents.rules import same_hand
from disputes.models import Dispute, Evidence, Offer, Ruling, Side
from disputes.queries import open_queue
from disputes.rows import lock_dispute, require_share, require_text
from disputes.rules import has_hand_in, require
from disputes.services import resolve_dispute, settle
from jobs.conversations.models import Message
from jobs.lifecycle import Status
from jobs.timeline import lines
from marketplace.desk.models import Holding, Note
from marketplace.errors import MarketError, NotAllowed
from wallets.audit.story import whose
from wallets.models import Transfer

MOST_MESSAGES = 300


class CaseHeld(MarketError):
    """Another operator works on it."""

    code, title = "CASE_HELD", "Held by another operator"


# Who holds it


def held_by_nobody() -> QuerySet[Dispute]:
    """Open disputes that no operator works on, what is due first."""
    return open_queue().filter(holding=None)


@transaction.atomic
def hold(*, dispute: Dispute, operator: Agent) -> Holding:
    """The operator takes the case; taking it again changes nothing. Raises NotAllowed, NoOpenDispute, CaseHeld."""
    dispute = lock_dispute(dispute)
    require(dispute, "resolve", operator)
    holding, _new = Holding.objects.select_related("holder").get_or_create(
        dispute=dispute, defaults={"holder": operator}
    )
    if holding.holder_id != operator.pk:
        raise CaseHeld(f"{holding.holder.name} works on this case; ask them to release it.")
    return holding


def refuse_others(sender: Any, dispute: Dispute, actor: Agent, **_: Any) -> None:
    """Whoever decides about a case that another operator holds, on a page or over HTTP. Raises CaseHeld."""
    holding = Holding.objects.select_related("holder").filter(dispute=dispute).exclude(holder=actor).first()
    if holding is not None:
        raise CaseHeld(f"{holding.holder.name} works on this case; ask them to release it.")


def let_go(sender: Any, instance: Ruling, **_: Any) -> None:
    """Whoever has ruled holds the case no more: it is over, or waits for somebody else."""
    Holding.objects.filter(dispute=instance.dispute_id).delete()


@transaction.atomic
def release(*, dispute: Dispute, operator: Agent) -> None:
    """The operator lets go of the case; a superuser can make another let go of it. Raises CaseHeld."""
    dispute = lock_dispute(dispute)
    holding = Holding.objects.select_related("holder").filter(dispute=dispute).first()
    if holding is None:
        return
    if holding.holder_id != operator.pk and not (operator.user and operator.user.is_superuser):
        raise CaseHeld(f"{holding.holder.name} holds this case, and only they or a superuser release it.")
    holding.delete()


def take_next(*, operator: Agent) -> Dispute | None:
    """The open case that is due first, that nobody holds and the operator has no hand in; it is theirs now."""
    for dispute in held_by_nobody().iterator(20):
        if has_hand_in(operator, dispute.job):
            continue
        try:
            return hold(dispute=dispute, operator=operator).dispute
        except MarketError:
            continue  # somebody was quicker, or it ended
    return None


@transaction.atomic
def write_note(*, dispute: Dispute, operator: Agent, text: str) -> Note:
    """For other operators alone. Raises NotAllowed for one with a hand in the deal, Invalid naming `text`."""
    require_text("text", text, "Write something.")
    require_no_hand(dispute, operator)
    return Note.objects.create(dispute=dispute, author=operator, text=text)


def require_no_hand(dispute: Dispute, operator: Agent) -> None:
    """Raises NotAllowed for an operator who is a side, owns one or has another agent of the same owner."""
    if has_hand_in(operator, dispute.job):
        raise NotAllowed("You have a hand in this deal: another operator decides, and you see it as its side does.")


# Ruling


@dataclass(frozen=True)
class Preview:
    """What a ruling would do, in micro-USDC: every line of the ledger as (account, amount, balance after)."""

    to_poster: int
    to_worker: int
    fee: int
    lines: list[tuple[str, int, int | None]]
    status: Status


def preview_ruling(*, dispute: Dispute, operator: Agent, to_poster: int, note: str) -> Preview:
    """Makes the ruling and takes it back, so that what is shown is what will happen. Raises what the ruling would."""
    with transaction.atomic():
        locked = lock_dispute(dispute)
        require(locked, "resolve", operator)
        require_text("note", note, "Say why; both sides read it.")
        require_share(locked.job, to_poster)
        settle(locked, operator, to_poster=to_poster, note=note, how=Dispute.Resolution.RULING)
        preview = _what_was_done(locked, to_poster)
        transaction.set_rollback(True)
    return preview


def _what_was_done(dispute: Dispute, to_poster: int) -> Preview:
    job = dispute.job
    transfer = Transfer.objects.filter(key=f"job:{job.pk}:split").first()
    entries = transfer.entries.select_related("account__owner").order_by("amount") if transfer else []
    moved = [(whose(entry.account), entry.amount, entry.balance_after) for entry in entries]
    payout = job.payout or 0
    fee = dispute.frozen - to_poster - payout if moved else 0
    return Preview(to_poster, payout, fee, moved, Status(job.status))


def waits_for_another(dispute: Dispute, operator: Agent, to_poster: int) -> bool:
    """Whether so large a sum moves only once somebody else rules the same, micro-USDC, as the operator does now."""
    if dispute.frozen <= settings.RULING_ALONE_UP_TO:
        return False
    same = rulings(dispute).filter(to_poster=to_poster)
    return all(same_hand(ruling.made_by, operator) for ruling in same)


@transaction.atomic
def rule(
    *, dispute: Dispute, operator: Agent, to_poster: int, note: str, ground: str = "", internal: str = ""
) -> Dispute:
    """The holder's ruling (micro-USDC for the poster); whoever rules takes the case first. Raises CaseHeld, Invalid.

    Above RULING_ALONE_UP_TO it waits for a second one, who has to be able to take the case.
    """
    hold(dispute=dispute, operator=operator)
    if internal.strip():
        write_note(dispute=dispute, operator=operator, text=internal)
    return resolve_dispute(dispute=dispute, actor=operator, to_poster=to_poster, note=note, ground=ground)


# The story


@dataclass(frozen=True)
class Told:
    """One thing that happened or was said, by whom (None: the clock)."""

    at: datetime
    actor: Agent | None
    words: str
    text: str = ""


@dataclass(frozen=True)
class Story:
    """One side of a dispute: who it is, what it says, asks for, shows and offers."""

    side: Side
    agent: Agent
    statement: str
    is_opener: bool
    evidence: list[Evidence]
    offers: list[Offer]
    disputes: int


def stories(dispute: Dispute) -> list[Story]:
    """Poster and worker, each with how many disputes they have had; of a dispute with its case loaded."""
    return [_story(dispute, side) for side in (Side.POSTER, Side.WORKER)]


def _story(dispute: Dispute, side: Side) -> Story:
    job = dispute.job
    agent = job.poster if side == Side.POSTER else job.deal[0]
    is_opener = dispute.side == side
    had = Dispute.objects.filter(**{f"job__{side.lower()}": agent})
    return Story(
        side,
        agent,
        dispute.reason if is_opener else dispute.response,
        is_opener,
        [shown for shown in dispute.evidence.all() if shown.side == side],
        [offer for offer in dispute.offers.all() if offer.side == side],
        had.count(),
    )


def course(dispute: Dispute) -> list[Told]:
    """All that happened to the job and that both sides wrote to each other, oldest first."""
    job = dispute.job
    happened = [Told(line.at, line.actor, line.words, line.note) for line in lines(job, job.poster)]
    return sorted([*happened, *_messages(dispute)], key=lambda told: told.at)


def _messages(dispute: Dispute) -> Iterator[Told]:
    written = Message.objects.filter(conversation__job=dispute.job).select_related("sender").defer("search")
    for message in written.order_by("-created_at", "-id")[:MOST_MESSAGES]:
        yield Told(message.created_at, message.sender, "wrote", message.content)


def rulings(dispute: Dispute) -> QuerySet[Ruling]:
    """What was ruled so far, oldest first."""
    return dispute.rulings.select_related("made_by").order_by("created_at", "id")


def notes(dispute: Dispute) -> QuerySet[Note]:
    """What operators wrote to each other, oldest first."""
    return dispute.notes.select_related("author").order_by("created_at", "id")
