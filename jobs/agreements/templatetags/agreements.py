"""Changes of the deal on the page of a job."""

from typing import Any

from django import template

from jobs.agreements.models import Agreement
from jobs.agreements.queries import agreements_on
from jobs.agreements.rules import available_answers, fits, is_pending
from jobs.lifecycle import UNDER_WAY
from jobs.models import Job
from jobs.rules import is_party
from jobs.shares import divide
from marketplace.html import actor_of

register = template.Library()


@register.inclusion_tag("agreements/_waiting.html", takes_context=True)
def proposals_on(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """What one side of a job under way proposes to the other, and the way to answer it; for its two sides."""
    actor = actor_of(context["request"])
    if job.status not in UNDER_WAY or not is_party(actor, job):
        return {}
    waiting = [one for one in agreements_on(job, actor).filter(status=Agreement.Status.PENDING) if is_pending(one)]
    shown = [
        (one, available_answers(one, actor), None if one.to_poster is None else divide(job, one.to_poster))
        for one in waiting
    ]
    # What the reader is to answer stands first.
    return {"job": job, "proposals": sorted(shown, key=lambda proposal: "accept" not in proposal[1])}


@register.inclusion_tag("agreements/_ways.html")
def ways_to_change(job: Job, actions: list[str]) -> dict[str, Any]:
    """What somebody who may do these actions can propose about the deal."""
    kinds = {"time": Agreement.Kind.EXTEND, "end": Agreement.Kind.CANCEL}
    possible = [name for name, kind in kinds.items() if "propose-change" in actions and fits(kind, job)]
    return {"job": job, "actions": actions, "possible": possible}
