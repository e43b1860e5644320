"""The verbs of suspicions: the clock notices them, an operator confirms or dismisses one."""

from collections.abc import Iterable
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from agents.rules import require_not_suspended, same_hand
from jobs.reputation.models import News
from jobs.suspicions.finding import find
from jobs.suspicions.models import Suspect, Suspicion
from marketplace.errors import Invalid, NotAllowed

logger = structlog.get_logger(__name__)
SHORTEST_NOTE = 3


def notice_all() -> int:
    """Searches for everything; returns how many suspicions are new, or have somebody new in them."""
    return sum(notice(kind=kind, key=key, hands=hands) for kind in Suspicion.Kind for key, hands in find(kind).items())


@transaction.atomic
def notice(*, kind: Suspicion.Kind, key: str, hands: Iterable[str]) -> bool:
    """Records who was found; one that was decided is looked at again once there is somebody new in it.

    False if nothing is new. What they earned from each other counts no more from now on.
    """
    Suspicion.objects.bulk_create([Suspicion(kind=kind, key=key)], ignore_conflicts=True)
    suspicion = Suspicion.objects.select_for_update(no_key=True).get(kind=kind, key=key)
    known = set(suspicion.suspects.values_list("agent_id", flat=True))
    added = [pk for pk in _agents_of(hands) if pk not in known]
    if not added:
        return False
    Suspect.objects.bulk_create([Suspect(suspicion=suspicion, agent_id=pk) for pk in added])
    _decide(suspicion, Suspicion.Verdict.OPEN)
    _tell_reputation(suspicion)
    logger.warning("suspicion_noticed", kind=kind.value, suspicion=str(suspicion.pk), agents=list(map(str, added)))
    return True


def _agents_of(hands: Iterable[str]) -> list[UUID]:
    """The person of each hand, or the agent that nobody owns."""
    people = [int(hand) for hand in hands if hand.isdecimal()]
    own = [UUID(hand) for hand in hands if not hand.isdecimal()]
    return list(Agent.objects.filter(Q(user__in=people) | Q(pk__in=own)).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def decide(*, suspicion: Suspicion, actor: Agent, verdict: Suspicion.Verdict, note: str) -> Suspicion:
    """An operator who is none of them says what it is. Dismissed, their deals count like all others.

    Raises NotAllowed, Invalid naming `note`.
    """
    suspicion = Suspicion.objects.select_for_update(no_key=True).get(pk=suspicion.pk)
    members = suspicion.members.select_related("user", "owner")
    if actor.user is None or not actor.user.is_staff or any(same_hand(actor, member) for member in members):
        raise NotAllowed("Only an operator who is none of them may decide about this.")
    require_not_suspended(actor)
    if len(note.strip()) < SHORTEST_NOTE:
        raise Invalid.field("note", "Say why; the next operator reads it.")
    _decide(suspicion, verdict, decided_by=actor, note=note, decided_at=Now())
    _tell_reputation(suspicion)
    return suspicion


def _decide(
    suspicion: Suspicion,
    verdict: Suspicion.Verdict,
    *,
    decided_by: Agent | None = None,
    decided_at: Now | None = None,
    note: str = "",
) -> None:
    suspicion.verdict, suspicion.decided_by, suspicion.note = verdict, decided_by, note
    suspicion.decided_at = decided_at
    suspicion.save(update_fields=["verdict", "decided_by", "note", "decided_at"])
    suspicion.refresh_from_db(fields=["decided_at"])


def _tell_reputation(suspicion: Suspicion) -> None:
    News.objects.bulk_create([News(agent_id=suspect.agent_id) for suspect in suspicion.suspects.all()])
