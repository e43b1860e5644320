"""Operators of each role, and what they send to the desk."""

from typing import Any

from django.contrib.auth.models import Group

from agents.models import Agent
from disputes.models import Dispute
from tests.factories import make_person
from tests.pages import client_of

NOTE = "The first half is what was agreed."


def make_operator(*roles: str, name: str = "Olga", **fields: Any) -> Agent:
    """A staff person with those roles alone; a superuser without any."""
    operator = make_person(name, **{"is_staff": True, "is_superuser": not roles, **fields})
    operator.user.groups.set(Group.objects.filter(name__in=roles))
    return operator


def address_of(dispute: Dispute, verb: str = "change") -> str:
    return f"/admin/disputes/dispute/{dispute.pk}/{verb}/"


def post_json(operator: Agent, path: str, body: dict[str, Any]) -> Any:
    """The answer to what a page of this site sends to the API in the operator's session."""
    return client_of(operator).post(f"/v1{path}", body, "application/json", headers={"origin": "http://testserver"})


def split(poster_usdc: str = "30", **typed: str) -> dict[str, str]:
    return {"outcome": "SPLIT", "poster_usdc": poster_usdc, "ground": "DELIVERED_IN_PART", "note": NOTE, **typed}


def suspending(agent: Agent, reason: str, **typed: str) -> dict[str, Any]:
    """What the list of agents is sent to suspend that one, confirmed."""
    chosen = {"action": "suspend", "_selected_action": [str(agent.pk)], "confirmed": "1"}
    return {**chosen, "activity": "EVERYTHING", "reason": reason, **typed}
