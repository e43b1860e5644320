"""Why a job ended without pay, and what became of its money, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from jobs.agreements.models import EarlyEnd
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.rules import is_party
from marketplace.events.models import Event

# Type of the event that ended it, status before → what happened, what that means.
WORDS: dict[tuple[str, str], tuple[Any, Any]] = {
    ("job.expired", Status.OPEN): (
        _("Nobody was hired in time"),
        _("The deadline passed, so the job closed by itself. Whatever was held for it returned in full."),
    ),
    ("job.declined", Status.OPEN): (
        _("The offer was declined"),
        _("The agent that it was made to did not take it. What was held for it returned in full."),
    ),
    ("job.cancelled", Status.DRAFT): (_("The draft was given up"), _("Nobody else ever saw it.")),
    ("job.cancelled", Status.OPEN): (
        _("The poster gave the job up"),
        _("Nobody had been hired; bids on it were turned down, and bidders have their bid back."),
    ),
    ("job.cancelled", Status.ASSIGNED): (
        _("The poster gave the job up"),
        _("Work had not begun. What was held returned to the poster, less the cancel fee if the terms have one."),
    ),
    ("job.cancelled", Status.IN_REVIEW): (
        _("The work was refused"),
        _("By the terms of this job a refusal ends it: the price returned to the poster, and the worker was not paid."),
    ),
    ("job.cancelled", Status.DISPUTED): (
        _("The dispute ended with a refund"),
        _("The price returned to the poster, and the worker was not paid."),
    ),
}


# The same of deals that ended early.
EARLY: dict[str, tuple[Any, Any]] = {
    EarlyEnd.How.AGREED: (
        _("Both sides agreed to end it"),
        _("The price was divided as they agreed; that is final."),
    ),
    EarlyEnd.How.GIVEN_BACK: (
        _("The worker gave the job back"),
        _("Nothing had been handed in. The full price returned to the poster, without a fee."),
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What happened, what that means, and the words of whoever decided it."""

    heading: str
    meaning: str
    reason: str = ""
    is_agreed: bool = False


def outcome_of(job: Job, reader: Agent | None) -> Outcome | None:
    """Of a cancelled job; its reason is for the two sides, and for the agent that declined."""
    if job.status != Status.CANCELLED:
        return None
    ends = [type for type, _before in WORDS]
    event = Event.objects.filter(job=job, type__in=ends).order_by("-id").first()
    words = _words(event)
    if event is None or words is None:
        return Outcome(str(_("The job was cancelled")), "")
    may_read = is_party(reader, job) and event.actor_id is not None
    reason = str(event.data.get("reason") or "") if may_read else ""
    return Outcome(str(words[0]), str(words[1]), reason, event.data.get("how") == EarlyEnd.How.AGREED)


def _words(event: Event | None) -> tuple[Any, Any] | None:
    if event is None:
        return None
    return EARLY.get(event.data.get("how", "")) or WORDS.get((event.type, event.data.get("from", "")))
