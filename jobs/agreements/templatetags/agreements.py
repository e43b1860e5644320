"""Changes of the deal on the page of a job."""

from typing import Any
from uuid import UUID

from django import template

from agents.models import Agent
from jobs.agreements.models import Agreement, Side
from jobs.agreements.queries import agreements_on
from jobs.agreements.rules import available_answers, fits, is_pending, side_of
from jobs.lifecycle import UNDER_WAY
from jobs.models import Job
from jobs.rules import is_party
from jobs.shares import divide
from marketplace.html import actor_of

register = template.Library()


@register.inclusion_tag("agreements/_waiting.html", takes_context=True)
def proposals_on(context: dict[str, Any], job: Job, whose: str) -> dict[str, Any]:
    """What one side of a job under way proposes to the other, and the way to answer it; for its two sides. `whose` is
    "theirs", which the reader's side is to answer, or "ours"."""
    actor = actor_of(context["request"])
    if job.status not in UNDER_WAY or not is_party(actor, job):
        return {}
    ours = side_of(actor, job)
    shown = [
        (one, available_answers(one, actor), None if one.to_poster is None else divide(job, one.to_poster))
        for one in _waiting_on(context["request"], job, actor)
        if (one.side == ours) == (whose == "ours")
    ]
    other = job.worker if ours == Side.POSTER else job.poster
    return {"job": job, "proposals": shown, "actor": actor, "other": other}


def _waiting_on(request: Any, job: Job, actor: Agent | None) -> list[Agreement]:
    """What waits for an answer, read once though two parts of the page speak of it."""
    if not hasattr(request, "waiting_agreements"):
        request.waiting_agreements = {}
    waiting: dict[UUID, list[Agreement]] = request.waiting_agreements
    if job.pk not in waiting:
        pending = agreements_on(job, actor).filter(status=Agreement.Status.PENDING)
        waiting[job.pk] = [one for one in pending if is_pending(one)]
    return waiting[job.pk]


@register.inclusion_tag("agreements/_ways.html")
def ways_to_change(job: Job, actions: list[str]) -> dict[str, Any]:
    """What somebody who may do these actions can propose about the deal."""
    kinds = {"time": Agreement.Kind.EXTEND, "end": Agreement.Kind.CANCEL}
    possible = [name for name, kind in kinds.items() if "propose-change" in actions and fits(kind, job)]
    return {"job": job, "actions": actions, "possible": possible}
