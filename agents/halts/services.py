"""The verbs of halts. Who is stopped hears of it, with the reason; a halt of the site stands on every page."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.halts.models import LONGEST_REASON, Activity, Halt
from agents.halts.queries import running
from agents.models import Agent
from agents.rules import require_not_suspended, same_hand
from agents.services import end_suspension, set_suspension
from marketplace.database import database_now
from marketplace.errors import Invalid, NotAllowed
from marketplace.events import services as events
from marketplace.timestamps import format_timestamp

SHORTEST_REASON = 3
LONGEST_HALT = timedelta(days=3653)


@transaction.atomic
def impose(
    *, activity: Activity, operator: Agent, reason: str, agent: Agent | None = None, ends_at: datetime | None = None
) -> Halt:
    """An operator stops an activity of the agent, or of the whole site; everything of one agent is a suspension.

    Raises NotAllowed, Invalid naming `reason`, `endsAt` or `agent`.
    """
    _require_operator(operator, agent)
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid.field("reason", f"Say why, in at most {LONGEST_REASON} characters; whoever is stopped reads it.")
    if ends_at is not None:
        require_end(ends_at)
    if agent is not None and _is_suspended_for_good(agent):
        raise Invalid.field("agent", f"{agent.handle} is suspended already; let it back first.")
    if activity == Activity.EVERYTHING and agent is not None:
        set_suspension(agent=agent, suspended=True, actor=operator)
    halt = Halt.objects.create(
        activity=activity, agent=agent, reason=reason.strip(), imposed_by=operator, ends_at=ends_at
    )
    halt.refresh_from_db(fields=["created_at"])
    _tell("agent.halted", halt, operator)
    return halt


def require_end(ends_at: datetime) -> None:
    """Raises Invalid naming `endsAt` for a time that has passed, or is so far that nobody means it: in another zone it
    may lie beyond the last year that programs know."""
    now = database_now()
    if not now < ends_at <= now + LONGEST_HALT:
        raise Invalid.field("endsAt", "Must be in the future and within ten years; leave it out for longer.")


def suspend_for_good(*, agent: Agent, operator: Agent, reason: str) -> None:
    """Until an operator lets it back, also one that is suspended until some time; again changes nothing.

    Raises NotAllowed, Invalid naming `reason`.
    """
    if not _is_suspended_for_good(agent):
        impose(activity=Activity.EVERYTHING, agent=agent, operator=operator, reason=reason)


@transaction.atomic
def lift(*, halt: Halt, operator: Agent | None = None) -> Halt:
    """An operator ends it before its time, or (None) its time has come; lifting it again changes nothing."""
    if operator is not None:
        _require_operator(operator, halt.agent)
    halt = Halt.objects.select_for_update(of=("self",), no_key=True).select_related("agent").get(pk=halt.pk)
    if halt.lifted_at is not None:
        return halt
    halt.lifted_at, halt.lifted_by = Now(), operator
    halt.save(update_fields=["lifted_at", "lifted_by"])
    halt.refresh_from_db(fields=["lifted_at"])
    if halt.activity == Activity.EVERYTHING and halt.agent is not None and not _suspensions(halt.agent).exists():
        end_suspension(agent=halt.agent, actor=operator)
    _tell("agent.halt_lifted", halt, operator)
    return halt


@transaction.atomic
def let_back(*, agent: Agent, operator: Agent) -> None:
    """An operator ends the agent's suspension, whoever began it and however. Raises NotAllowed."""
    _require_operator(operator, agent)
    for halt in _suspensions(agent):
        lift(halt=halt, operator=operator)
    set_suspension(agent=agent, suspended=False, actor=operator)


def _suspensions(agent: Agent) -> QuerySet[Halt]:
    """Those of the agent that hold, of which two operators may have made one each."""
    return running().filter(agent=agent, activity=Activity.EVERYTHING)


def _is_suspended_for_good(agent: Agent) -> bool:
    return agent.status == Agent.Status.SUSPENDED and not _suspensions(agent).exclude(ends_at=None).exists()


def _require_operator(operator: Agent, agent: Agent | None) -> None:
    """Raises NotAllowed for who is no operator, is suspended, or has a hand in the agent."""
    if operator.user is None or not operator.user.is_staff:
        raise NotAllowed("Only an operator may do this.")
    require_not_suspended(operator)
    if agent is not None and same_hand(operator, agent):
        raise NotAllowed("Nobody stops or lets go on what is their own; another operator does.")


def _tell(type: str, halt: Halt, operator: Agent | None) -> None:
    """The agent whom it is about; the whole site reads it on its pages."""
    if halt.agent is None:
        return
    facts: dict[str, Any] = {"agentId": halt.agent.handle, "name": halt.agent.name, "activity": str(halt.activity)}
    ends_at = format_timestamp(halt.ends_at) if halt.ends_at else None
    facts |= {"reason": halt.reason, "until": ends_at}
    events.emit(type, actor=operator, audience=[halt.agent], data=facts)
