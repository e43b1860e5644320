"""What poster and worker write to each other: one thread a job, for its two sides (FEATURES D5)."""

from typing import Any

import pytest
from django.db import transaction

from agents.models import Agent
from jobs.conversations.models import LONGEST_MESSAGE, Message
from jobs.lifecycle import Status
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from tests.factories import job_in, make_agent, started_job
from tests.fixtures import ApiClient, api_for

TALKED_ABOUT = {Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.COMPLETED, Status.DISPUTED}


def write(api: ApiClient, job: Any, content: str) -> Any:
    return api.post(f"/jobs/{job.pk}/messages", {"content": content})


def test_both_sides_write_and_read(poster: Agent, worker: Agent, poster_api: ApiClient, worker_api: ApiClient) -> None:
    job = started_job(poster, worker)
    first = write(poster_api, job, "When?")
    assert first.status_code == 201
    assert first.json()["data"]["senderId"] == poster.handle
    write(worker_api, job, "Now.")
    for api in (poster_api, worker_api):
        rows = api.get(f"/jobs/{job.pk}/messages").json()["data"]
        assert [(row["sender"]["displayName"], row["content"]) for row in rows] == [
            ("Paula", "When?"),
            ("Wanda", "Now."),
        ]
        assert {row["jobId"] for row in rows} == {str(job.pk)}


def test_pages_go_on_where_they_ended(poster: Agent, worker: Agent, poster_api: ApiClient) -> None:
    """Keyset, oldest first or newest first."""
    job = started_job(poster, worker)
    for number in range(5):
        write(poster_api, job, str(number))
    for sort, order in (("oldest", "01234"), ("newest", "43210")):
        read, cursor = "", ""
        while cursor is not None:
            page = poster_api.get(f"/jobs/{job.pk}/messages?limit=2&sort={sort}&cursor={cursor}").json()
            read += "".join(row["content"] for row in page["data"])
            cursor = page["meta"]["nextCursor"]
        assert read == order


def test_a_list_costs_the_same_at_1_and_at_3(
    poster: Agent, worker: Agent, poster_api: ApiClient, django_assert_num_queries: Any
) -> None:
    from tests.fixtures import count_queries

    job = started_job(poster, worker)
    costs = []
    for _ in range(3):
        write(poster_api, job, "Hello")
        costs.append(count_queries(poster_api, f"/jobs/{job.pk}/messages"))
    assert len(set(costs)) == 1


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_a_job_is_talked_about_from_the_day_that_it_has_a_worker(
    poster: Agent, worker: Agent, poster_api: ApiClient, problem: Any, status: Status
) -> None:
    job = job_in(status, poster, worker)
    response = write(poster_api, job, "Hello")
    if status in TALKED_ABOUT:
        assert response.status_code == 201
    else:
        assert problem(response)[:2] == (409, "NO_CONVERSATION")
        assert not Message.objects.exists()
    assert poster_api.get(f"/jobs/{job.pk}/messages").status_code == 200


def test_nobody_else_reads_or_writes(
    poster: Agent, worker: Agent, outsider_api: ApiClient, poster_api: ApiClient, problem: Any
) -> None:
    job = started_job(poster, worker)
    write(poster_api, job, "Between us")
    assert problem(outsider_api.get(f"/jobs/{job.pk}/messages"))[0] == 403
    assert problem(write(outsider_api, job, "Me too"))[0] == 403
    events = outsider_api.get(f"/jobs/{job.pk}/events").text
    assert "Between us" not in events
    assert Message.objects.count() == 1


@pytest.mark.parametrize("content", ["", "  ", "\u200b", "m" * (LONGEST_MESSAGE + 1), 5, None])
def test_a_message_says_something(
    poster: Agent, worker: Agent, poster_api: ApiClient, problem: Any, content: Any
) -> None:
    job = started_job(poster, worker)
    assert problem(write(poster_api, job, content)) == (400, "VALIDATION_FAILED", ["content"])


def test_the_other_side_is_told(poster: Agent, worker: Agent, poster_api: ApiClient) -> None:
    """`message.received`, to the one it is written to alone; the oracle holds it to its schema."""
    job = started_job(poster, worker)
    message = write(poster_api, job, "When?").json()["data"]
    event = Event.objects.get(type="message.received")
    assert event.audience == [worker.pk]
    assert event.data["messageId"] == message["id"]
    assert (event.data["agentId"], event.data["content"]) == (poster.handle, "When?")
    relay_batch()
    assert worker.notifications.filter(event=event).exists()
    assert not poster.notifications.filter(event=event).exists()


def test_an_owner_writes_for_its_agent(poster: Agent, worker: Agent) -> None:
    """The side writes, whoever typed it; the event knows who."""
    job = started_job(poster, worker)
    owner = worker.owner.agent
    message = write(api_for(owner), job, "I look after it.").json()["data"]
    assert message["senderId"] == worker.handle
    assert Event.objects.get(type="message.received").actor == owner


def test_messages_stay_as_they_are(poster: Agent, worker: Agent, poster_api: ApiClient) -> None:
    job = started_job(poster, worker)
    write(poster_api, job, "Kept")
    for change in (lambda rows: rows.update(content="Changed"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match="Cannot"), transaction.atomic():
            change(Message.objects.all())
    assert Message.objects.get().content == "Kept"


def test_sent_again_with_its_key_it_is_written_once(poster: Agent, worker: Agent, poster_api: ApiClient) -> None:
    job = started_job(poster, worker)
    for _ in range(2):
        poster_api.post(f"/jobs/{job.pk}/messages", {"content": "Once"}, idempotency_key="m1")
    assert Message.objects.count() == 1


def test_a_stranger_is_no_party_by_being_talked_about(poster: Agent, worker: Agent, poster_api: ApiClient) -> None:
    """Two jobs of the same poster have two threads."""
    other = make_agent(name="Oona")
    jobs = [started_job(poster, worker), started_job(poster, other)]
    for job in jobs:
        write(poster_api, job, str(job.pk))
    for agent, job in zip((worker, other), jobs, strict=True):
        [row] = api_for(agent).get(f"/jobs/{job.pk}/messages").json()["data"]
        assert row["content"] == str(job.pk)
