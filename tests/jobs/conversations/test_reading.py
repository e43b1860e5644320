"""What each side has read, the list of all conversations, and files in messages (issue 7: unread badge and images)."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from jobs.conversations.models import Message, Side
from jobs.conversations.queries import unread_counts
from jobs.conversations.services import mark_read, send_message
from jobs.models import Job
from tests.agents.files.uploads import image, kept, upload
from tests.factories import make_agent, started_job
from tests.fixtures import ApiClient, api_for, count_queries
from tests.racing import race


@pytest.fixture
def job(poster: Agent, worker: Agent) -> Job:
    return started_job(poster, worker)


def unread_count(agent: Agent) -> int:
    """Messages in all conversations of the agent and, for a person, of its agents."""
    return unread_counts(agent, 0)[0]


def browser(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent.user)
    return client


def test_what_the_other_side_wrote_is_unread_until_it_is_read(job: Job, poster: Agent, worker: Agent) -> None:
    for number in range(3):
        send_message(job=job, actor=poster, content=str(number))
    assert (unread_count(worker), unread_count(poster)) == (3, 0)
    assert unread_count(worker.owner.agent) == 3
    mark_read(job=job, actor=worker)
    assert unread_count(worker) == 0
    send_message(job=job, actor=worker, content="Thanks")
    assert (unread_count(worker), unread_count(poster)) == (0, 1)


def test_whoever_answers_has_read(job: Job, poster: Agent, worker: Agent) -> None:
    send_message(job=job, actor=poster, content="Hello?")
    send_message(job=job, actor=worker, content="Yes.")
    assert (unread_count(worker), unread_count(poster)) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_every_message_of_a_rush_is_counted(poster: Agent, worker: Agent) -> None:
    job = started_job(poster, worker)
    race([lambda: send_message(job=job, actor=poster, content="Hurry!")] * 8)
    assert (Message.objects.count(), unread_count(worker)) == (8, 8)
    assert Side.objects.count() == 2


def test_the_api_lists_conversations_and_marks_them(
    job: Job, poster: Agent, worker: Agent, poster_api: ApiClient, worker_api: ApiClient
) -> None:
    other = started_job(poster, make_agent(name="Oona"), title="Another")
    send_message(job=job, actor=poster, content="First")
    send_message(job=other, actor=poster, content="Second")
    rows = poster_api.get("/conversations").json()["data"]
    assert [(row["jobTitle"], row["latest"], row["unreadCount"]) for row in rows] == [
        ("Another", "Second", 0),
        (job.title, "First", 0),
    ]
    [row] = worker_api.get("/conversations").json()["data"]
    assert (row["jobId"], row["other"]["displayName"], row["unreadCount"]) == (str(job.pk), "Paula", 1)
    read = worker_api.post(f"/jobs/{job.pk}/messages/read").json()["data"]
    assert read["unreadCount"] == 0
    assert read["lastReadAt"]
    [row] = worker_api.get("/conversations").json()["data"]
    assert row["unreadCount"] == 0


def test_nobody_else_reads_or_marks(job: Job, poster: Agent, outsider_api: ApiClient, problem: Any) -> None:
    send_message(job=job, actor=poster, content="Between us")
    assert outsider_api.get("/conversations").json()["data"] == []
    assert problem(outsider_api.post(f"/jobs/{job.pk}/messages/read"))[0] == 403


def test_before_the_first_message_nothing_is_unread(job: Job, worker_api: ApiClient) -> None:
    assert worker_api.post(f"/jobs/{job.pk}/messages/read").json()["data"] == {"unreadCount": 0, "lastReadAt": None}


def test_a_person_sees_on_every_page_how_much_is_unread(job: Job, poster: Agent, worker: Agent) -> None:
    send_message(job=job, actor=worker, content="A question")
    page = browser(poster).get("/messages/").text
    assert 'data-unread-messages="1"' in page
    assert "A question" in page
    assert 'data-unread-messages="1"' in browser(poster).get("/live/badge/").text


@pytest.mark.parametrize("address", ["/jobs/{job}/", "/jobs/{job}/messages/"])
def test_looking_at_the_messages_reads_them(job: Job, poster: Agent, worker: Agent, address: str) -> None:
    send_message(job=job, actor=worker, content="A question")
    assert "A question" in browser(poster).get(address.format(job=job.pk)).text
    assert unread_count(poster) == 0


def test_an_owner_sees_the_conversations_of_its_agents(job: Job, poster: Agent, worker: Agent) -> None:
    send_message(job=job, actor=poster, content="For your agent")
    page = browser(worker.owner.agent).get("/messages/").text
    assert "For your agent" in page
    assert worker.name in page


def test_nothing_yet_says_what_to_do(poster: Agent) -> None:
    assert "Look at jobs" in browser(poster).get("/messages/").text


def test_lists_cost_the_same_at_1_and_at_3(poster: Agent, poster_api: ApiClient) -> None:
    """And no page more than 12 queries."""
    client = browser(poster)
    costs = []
    for number in range(3):
        agent = make_agent(name=f"Agent {number}")
        job = started_job(poster, agent)
        send_message(job=job, actor=agent, content="Hello", attachments=[kept(agent).pk])
        counts = [count_queries(poster_api, "/conversations")]
        for address in ("/messages/", f"/jobs/{job.pk}/messages/"):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        costs.append(counts)
    assert costs[0] == costs[1] == costs[2]
    assert max(costs[0]) <= 12


def test_a_message_may_be_a_picture(job: Job, poster: Agent, worker: Agent, worker_api: ApiClient) -> None:
    photo = kept(worker, "photo.png", image())
    sent = worker_api.post(f"/jobs/{job.pk}/messages", {"attachmentIds": [str(photo.pk)]})
    assert sent.status_code == 201
    assert [file["name"] for file in sent.json()["data"]["attachments"]] == ["photo.png"]
    page = browser(poster).get(f"/jobs/{job.pk}/").text
    assert f'src="/files/{photo.pk}/preview"' in page
    assert 'alt="photo.png"' in page


def test_files_of_others_are_not_sent(job: Job, poster: Agent, worker_api: ApiClient, problem: Any) -> None:
    body = {"content": "Yours?", "attachmentIds": [str(kept(poster).pk)]}
    assert problem(worker_api.post(f"/jobs/{job.pk}/messages", body)) == (400, "VALIDATION_FAILED", ["attachmentIds"])
    assert not Message.objects.exists()


def test_a_form_sends_words_and_files(job: Job, poster: Agent) -> None:
    form = {"content": "**See** the files.", "attachments": [upload("a.txt"), upload("photo.png", image())]}
    assert browser(poster).post(f"/jobs/{job.pk}/messages/", form).status_code == 302
    assert [one.file.name for one in Message.objects.get().attachments.all()] == ["a.txt", "photo.png"]
    page = browser(poster).get(f"/jobs/{job.pk}/messages/").text
    assert "<strong>See</strong>" in page
    assert "photo.png" in page


def test_a_refused_form_still_has_the_good_files(job: Job, poster: Agent) -> None:
    """Nothing that was chosen is lost: what was taken is there, ticked, and is sent with the next try."""
    client = browser(poster)
    form = {"content": "Hello", "attachments": [upload("good.txt"), upload("bad.exe", b"MZ")]}
    refused = client.post(f"/jobs/{job.pk}/messages/", form)
    assert refused.status_code == 400
    assert "of a kind that is not taken" in refused.text
    [file] = poster.files.all()
    assert f'name="attachments_kept" value="{file.pk}" checked' in refused.text
    again = client.post(f"/jobs/{job.pk}/messages/", {"content": "Hello", "attachments_kept": [str(file.pk), "junk"]})
    assert again.status_code == 302
    assert [one.file for one in Message.objects.get().attachments.all()] == [file]


def test_a_form_takes_no_file_of_others(job: Job, poster: Agent, worker: Agent) -> None:
    form = {"content": "Hello", "attachments_kept": [str(kept(worker).pk)]}
    assert browser(poster).post(f"/jobs/{job.pk}/messages/", form).status_code == 302
    assert not Message.objects.get().attachments.exists()
    assert api_for(poster).get("/files").json()["data"] == []
