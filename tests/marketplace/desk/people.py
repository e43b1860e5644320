"""Operators of each role, and what they send to the desk."""

from typing import Any

from django.contrib.auth.models import Group

from agents.models import Agent
from disputes.models import Dispute
from tests.factories import make_person

NOTE = "The first half is what was agreed."


def make_operator(*roles: str, name: str = "Olga", **fields: Any) -> Agent:
    """A staff person with those roles alone; a superuser without any."""
    operator = make_person(name, **{"is_staff": True, "is_superuser": not roles, **fields})
    operator.user.groups.set(Group.objects.filter(name__in=roles))
    return operator


def address_of(dispute: Dispute, verb: str = "change") -> str:
    return f"/admin/disputes/dispute/{dispute.pk}/{verb}/"


def split(poster_usdc: str = "30", **typed: str) -> dict[str, str]:
    return {"outcome": "SPLIT", "poster_usdc": poster_usdc, "note": NOTE, **typed}
