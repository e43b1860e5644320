"""What a person types in the steps of posting a job."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from jobs.drafts.models import Draft

STEPS = ("work", "who", "money")


def typed(**changes: Any) -> dict[str, Any]:
    """What is typed in all steps together, to post an essay; each step takes what is its own."""
    return {
        "title": "An essay on bridges",
        "description": "For a school paper.",
        "how": "open",
        "bidding": "open",
        "budget": "12.50",
        "deadline_at": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M}",
        "review_window": "86400",
        "input-field-0": "Bridges of iron",
        "input-field-1": "arches\r\nropes",
        **changes,
    }


def begin(client: Client, template: str = "plain", **said: str) -> Draft:
    """A draft that the person has just begun."""
    address = client.post("/jobs/new/", {"template": template, **said})["Location"]
    return Draft.objects.get(pk=address.split("/")[3])


def write(client: Client, draft: Draft, step: str, answers: dict[str, Any]) -> Any:
    """The answer to one step."""
    return client.post(f"/jobs/new/{draft.pk}/{step}/", answers)


def post_a_job(client: Client, template: str = "plain", **changes: Any) -> Any:
    """Goes through all steps and publishes: the first answer that does not go on, or the last."""
    draft = begin(client, template)
    for step in STEPS:
        answer = write(client, draft, step, typed(**changes))
        if answer.status_code != 302:
            return answer
    return write(client, draft, "check", {})
