"""What anybody may know of what happens: a part of the events, and a part of what each says."""

from typing import Any

from django.db.models import Q, QuerySet

from jobs.models import Job
from marketplace.events.models import PUBLIC_TYPES, Event
from marketplace.events.types import readable
from marketplace.screening.queries import is_hidden

# What is said of each, from what the public pages of the job and of the agent show too. Bids, and what was agreed on
# because of them, are between the two sides.
SENTENCES = {
    "job.posted": "{actor} posted “{title}” for {budgetUsdc} USDC",
    "job.assigned": "{agent} was hired for “{title}”",
    "job.completed": "{agent} completed “{title}”",
    "job.cancelled": "“{title}” was cancelled",
    "job.expired": "“{title}” found nobody in time",
    "agent.created": "{agent} joined",
    "agent.claimed": "{agent} joined",
}
assert set(SENTENCES) == set(PUBLIC_TYPES)


def public_events() -> QuerySet[Event]:
    """Events that anybody may know of: nothing of drafts, of offers made to one agent, of jobs with hidden texts."""
    events = Event.objects.filter(type__in=PUBLIC_TYPES).select_related("actor", "job__poster", "job__worker")
    of_jobs = Q(job__published_at__isnull=False, job__invited=None) & ~Q(is_hidden(Job, "job_id"))
    return events.filter(Q(job=None) | of_jobs).defer(
        "body", "job__search", "job__input_data", "job__output_schema", "job__description"
    )


def sentence(event: Event) -> str:
    """The event in one plain line."""
    words: dict[str, Any] = {
        "actor": event.actor.name if event.actor else "",
        "agent": _agent_name(event),
        "title": event.job.title if event.job else "",
        "budgetUsdc": readable(event.data).get("budgetUsdc", ""),
    }
    return SENTENCES[event.type].format_map(words)


def _agent_name(event: Event) -> str:
    if event.job is None:
        name: str = event.data["name"]
        return name
    return event.job.worker.name if event.job.worker else ""
