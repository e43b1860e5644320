"""Who may answer what was proposed, and when."""

from datetime import datetime

from django.utils import timezone

from agents.halts.queries import is_held_off
from agents.models import Agent
from jobs.agreements.models import Agreement, Side
from jobs.lifecycle import TRANSITIONS
from jobs.models import Job
from jobs.rules import WrongStatus, available_actions, is_party, is_poster, require
from marketplace.errors import MarketError, NotAllowed

# What becomes of the job when both agree, by the table of jobs.
VERB_OF = {Agreement.Kind.EXTEND: "extend", Agreement.Kind.CANCEL: "call-off"}
# Who may do it: the other side, or the side that proposed it.
ANSWERS = ("accept", "decline")
WITHDRAW = "withdraw"


class AgreementNotPending(MarketError):
    code, title = "AGREEMENT_NOT_PENDING", "Not waiting for an answer"


def side_of(actor: Agent | None, job: Job) -> Side | None:
    """For whom the actor speaks; None for somebody who is no side of the job."""
    if not is_party(actor, job):
        return None
    return Side.POSTER if is_poster(actor, job) else Side.WORKER


def fits(kind: str, job: Job) -> bool:
    """Whether both sides could agree on a change of that kind in the job's status."""
    return job.status in TRANSITIONS[VERB_OF[Agreement.Kind(kind)]].sources


def require_change(job: Job, kind: str, actor: Agent) -> None:
    """Raises NotAllowed for somebody who is no side of the job; WrongStatus, which says what the actor may do."""
    require(job, "propose-change", actor)
    if not fits(kind, job):
        raise WrongStatus(
            f"A job that is {job.status} cannot be changed so.",
            extra={"currentStatus": job.status, "availableActions": available_actions(job, actor)},
        )


def available_answers(agreement: Agreement, actor: Agent | None) -> list[str]:
    """What the actor may do with what was proposed now."""
    side = side_of(actor, agreement.job)
    if actor is None or side is None or actor.status == Agent.Status.SUSPENDED or not is_pending(agreement):
        return []
    if side == agreement.side:
        return [WITHDRAW]
    return [answer for answer in ANSWERS if answer != "accept" or not is_too_late(agreement, timezone.now())]


def is_pending(agreement: Agreement) -> bool:
    """Whether it waits for an answer; what has lapsed does not, swept or not, unless clocks stand."""
    if agreement.status != Agreement.Status.PENDING:
        return False
    return agreement.lapses_at > timezone.now() or is_held_off(agreement.lapses_at)


def is_too_late(agreement: Agreement, now: datetime) -> bool:
    """Whether it asks for a time that has passed, as it may while clocks stand: nobody can agree to that any more."""
    return agreement.due_at is not None and agreement.due_at <= now


def require_answer(agreement: Agreement, answer: str, actor: Agent) -> None:
    """Raises NotAllowed unless it is for the actor's side to say so."""
    side = side_of(actor, agreement.job)
    is_own = side == agreement.side
    if side is None or is_own != (answer == WITHDRAW):
        who = "the side that proposed it" if answer == WITHDRAW else "the other side"
        raise NotAllowed(f"Only {who} may {answer} this proposal.")
