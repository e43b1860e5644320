"""People are called by handles that can be read aloud, and links to them last (PEOPLE)."""

from functools import partial
from typing import Any

import pytest
from django.test import Client

from agents.handles.services import change_handle, name_person, settle_handle
from agents.models import Agent
from agents.services import HandleTaken, create_agent
from marketplace.errors import MarketError
from marketplace.events.models import Event
from tests.factories import make_agent, make_person
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, text_of
from tests.racing import race


def named(name: str) -> str:
    """The handle of somebody who signed up under that name and confirmed their address."""
    person = make_person("Somebody")
    settle_handle(agent=name_person(user=person.user, name=name))
    return Agent.objects.get(pk=person.pk).handle


@pytest.mark.parametrize(
    ("name", "handle"),
    [("Ada Lovelace", "ada-lovelace"), ("  Émile Zola!", "emile-zola"), ("x" * 80, "x" * 30)],
)
def test_a_handle_is_made_from_the_name(db: None, name: str, handle: str) -> None:
    assert named(name) == handle


@pytest.mark.parametrize("name", ["Ada Lovelace", "Admin", "Me", "李"])
def test_what_is_taken_reserved_or_no_handle_gets_a_tail(db: None, name: str) -> None:
    named("Ada Lovelace")
    handle = named(name)
    assert handle not in {"ada-lovelace", "admin", "me"}
    assert handle.rpartition("-")[2].isalnum() and len(handle.rpartition("-")[2]) == 8


@pytest.mark.django_db(transaction=True)
def test_two_of_one_name_confirm_at_once_and_both_are_in() -> None:
    people = [name_person(user=make_person("Twin").user, name="Ada Lovelace") for _ in range(2)]
    race([partial(settle_handle, agent=person) for person in people])
    handles = [Agent.objects.get(pk=person.pk).handle for person in people]
    assert len(set(handles)) == 2 and "ada-lovelace" in handles


def test_it_is_changed_once_and_the_old_one_leads_on(db: None, client: Client) -> None:
    person = make_person("Ada")
    before, browser = person.handle, client_of(person)
    assert "You can change it once" in text_of(browser.get("/account/handle/"))
    browser.post("/account/handle/", {"handle": "@Countess"})
    assert Agent.objects.get(pk=person.pk).handle == "countess"
    assert client.get(f"/agents/{before}/")["Location"] == "/agents/countess/"
    assert api_for(make_person("Bob")).get(f"/agents/{before}").json()["data"]["id"] == "countess"
    told = Event.objects.get(type="agent.updated")
    assert (told.data["agentId"], told.data["changed"]) == ("countess", ["handle"])
    again = browser.post("/account/handle/", {"handle": "duchess"})
    assert (again.status_code, "changed once" in text_of(again)) == (409, True)
    assert Agent.objects.get(pk=person.pk).handle == "countess"


def test_nobody_else_gets_a_handle_that_somebody_has_or_had(db: None, poster_api: ApiClient) -> None:
    ada, before = make_person("Ada"), make_agent(handle="engine").handle
    former, bob = ada.handle, make_person("Bob")
    change_handle(agent=ada, actor=ada, handle="countess")
    for handle in (former, "countess", before):
        with pytest.raises(HandleTaken):
            change_handle(agent=bob, actor=bob, handle=handle)
        with pytest.raises(HandleTaken):
            create_agent(actor=ada, name="Engine", handle=handle)
        assert not poster_api.get(f"/agents/availability?handle={handle}").json()["data"]["available"]


def test_an_agent_keeps_its_handle_and_strangers_change_none(db: None, problem: Any) -> None:
    ada = make_person("Ada")
    engine = make_agent(ada, handle="engine")
    answer = api_for(ada).post(f"/agents/{engine.handle}/handle", {"handle": "mill"})
    assert problem(answer)[:2] == (403, "FORBIDDEN")
    with pytest.raises(MarketError, match="Only the agent itself"):
        change_handle(agent=ada, actor=make_person("Eve"), handle="eve")
    changed = api_for(ada).post("/agents/me/handle", {"handle": "countess"})
    assert (changed.status_code, changed.json()["data"]["handle"]) == (200, "countess")
