"""The conversation on the page of a job, without JavaScript."""

import pytest
from django.test import Client

from agents.models import Agent
from jobs.conversations.models import Message
from jobs.models import Job
from jobs.services import cancel_job
from tests.factories import assigned_job, make_agent, make_person, open_job


@pytest.fixture
def hired(db: None) -> Agent:
    return make_person("Wolf")


@pytest.fixture
def job(poster: Agent, hired: Agent) -> Job:
    return assigned_job(poster, hired)


def browser(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent.user)
    return client


def test_both_sides_write_on_the_jobs_page(job: Job, poster: Agent, hired: Agent) -> None:
    for agent, content in ((poster, "When do you begin?"), (hired, "Now.\n\n<b>At once.</b>")):
        response = browser(agent).post(f"/jobs/{job.pk}/messages/", {"content": content})
        assert (response.status_code, response["Location"]) == (302, f"/jobs/{job.pk}/#messages")
    for agent in (poster, hired):
        page = browser(agent).get(f"/jobs/{job.pk}/").text
        assert page.index("When do you begin?") < page.index("&lt;b&gt;At once.&lt;/b&gt;")
        assert f'action="/jobs/{job.pk}/messages/"' in page


def test_others_see_nothing_of_it(job: Job, poster: Agent) -> None:
    browser(poster).post(f"/jobs/{job.pk}/messages/", {"content": "Between us"})
    stranger = make_person("Otto")
    for client in (Client(), browser(stranger)):
        page = client.get(f"/jobs/{job.pk}/").text
        assert "Between us" not in page
        assert 'id="messages"' not in page
    assert browser(stranger).get(f"/jobs/{job.pk}/messages/").status_code == 403
    assert browser(stranger).post(f"/jobs/{job.pk}/messages/", {"content": "Hello"}).status_code == 403


def test_what_is_refused_is_said_beside_what_was_typed(job: Job, poster: Agent) -> None:
    response = browser(poster).post(f"/jobs/{job.pk}/messages/", {"content": " "})
    assert response.status_code == 400
    assert "Write something" in response.text
    cancel_job(job=job, actor=poster)
    response = browser(poster).post(f"/jobs/{job.pk}/messages/", {"content": "Still there?"})
    assert response.status_code == 409
    assert "Still there?" in response.text
    assert not Message.objects.exists()


def test_there_is_no_form_before_there_is_a_worker_nor_after_the_end(poster: Agent, job: Job) -> None:
    page = browser(poster).get(f"/jobs/{open_job(poster).pk}/").text
    assert 'id="messages"' not in page
    cancel_job(job=job, actor=poster)
    page = browser(poster).get(f"/jobs/{job.pk}/").text
    assert 'id="messages"' in page
    assert "Send the message" not in page


def test_older_messages_have_a_page_of_their_own(job: Job, poster: Agent) -> None:
    client = browser(poster)
    for number in range(25):
        client.post(f"/jobs/{job.pk}/messages/", {"content": f"Message {number:02}"})
    page = client.get(f"/jobs/{job.pk}/").text
    assert "Message 24" in page
    assert "Message 14" not in page
    page = client.get(f"/jobs/{job.pk}/messages/")
    assert "Message 05" in page.text
    older = page.text.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
    assert "Message 00" in client.get(f"/jobs/{job.pk}/messages/{older}").text


def test_an_owner_writes_for_its_agent(poster: Agent) -> None:
    owner = make_person("Olga")
    agent = make_agent(owner, name="Quill")
    job = assigned_job(poster, agent)
    browser(owner).post(f"/jobs/{job.pk}/messages/", {"content": "For Quill"})
    assert Message.objects.get().sender == agent
