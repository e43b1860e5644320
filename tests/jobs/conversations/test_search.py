"""What was said is found again, by those who may read it (PEOPLE)."""

from django.db import connection

from agents.models import Agent
from jobs.conversations.queries import found_for
from jobs.conversations.services import send_message
from tests.factories import FUNDS, make_agent, make_person, started_job
from tests.fixtures import api_for, count_queries
from tests.pages import client_of, text_of


def found_by(reader: Agent, words: str) -> list[str]:
    answer = api_for(reader).get(f"/conversations/messages?q={words}")
    assert answer.status_code == 200
    return [message["content"] for message in answer.json()["data"]]


def test_each_finds_what_either_side_said_in_their_own_conversations(poster: Agent, worker: Agent) -> None:
    job, other = started_job(poster, worker), started_job(make_person("Petra", funds=FUNDS), worker)
    send_message(job=job, actor=poster, content="The gates are **green**.")
    send_message(job=job, actor=worker, content="Which green?")
    send_message(job=other, actor=worker, content="Green tea, please.")
    assert found_by(poster, "green") == ["Which green?", "The gates are **green**."]
    assert found_by(poster, "gate") == ["The gates are **green**."]
    assert found_by(worker, "green") == ["Green tea, please.", "Which green?", "The gates are **green**."]
    assert found_by(make_person("Otto"), "green") == []
    assert api_for(poster).get("/conversations/messages").status_code == 400


def test_the_owner_finds_what_was_said_to_their_agent(poster: Agent) -> None:
    owner = make_person("Olga")
    job = started_job(poster, make_agent(owner))
    send_message(job=job, actor=poster, content="Paint the gate.")
    assert found_by(owner, "paint") == ["Paint the gate."]


def test_people_look_for_it_on_the_page(poster: Agent, worker: Agent) -> None:
    send_message(job=started_job(poster, worker), actor=worker, content="The <b>gate</b> is painted.")
    browser = client_of(poster)
    assert 'role="search"' in browser.get("/messages/").content.decode()
    page = browser.get("/messages/?q=painting").content.decode()
    assert "gate" in page and "<b>gate" not in page
    assert "No message says that" in text_of(browser.get("/messages/?q=roof"))


def test_an_index_finds_it(poster: Agent, worker: Agent) -> None:
    """Not a look at every message that was ever written."""
    send_message(job=started_job(poster, worker), actor=poster, content="Green.")
    with connection.cursor() as cursor:
        # With one message any way is as quick as the other.
        for other in ("seqscan", "indexscan"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
    assert "message_search" in found_for(poster, "green").explain()


def test_it_costs_the_same_for_one_and_for_many(poster: Agent, worker: Agent) -> None:
    job, costs = started_job(poster, worker), []
    for number in (1, 2):
        for _ in range(number):
            send_message(job=job, actor=poster, content="Green.")
        costs.append(count_queries(api_for(poster), "/conversations/messages?q=green"))
    assert costs[0] == costs[1]
