"""Whom somebody likes to work with again is found again, and is nobody else's business (issue 7)."""

import pytest

from agents.favourites.models import Favourite
from agents.favourites.services import MOST_FAVOURITES, TooManyFavourites, add_favourite
from agents.models import Agent
from marketplace.accounts.services import close_account
from marketplace.events.models import Event
from tests import factories
from tests.agents.listings.listed import list_agent
from tests.fixtures import api_for
from tests.pages import client_of, text_of


def test_kept_and_let_go_as_often_as_one_likes(poster: Agent, worker: Agent) -> None:
    api, address = api_for(poster), f"/agents/{worker.handle}/favourite"
    assert [api.post(address).json()["data"] for _ in range(2)] == [{"isFavourite": True}] * 2
    [kept] = api.get("/favourites").json()["data"]
    assert (kept["agent"]["id"], set(kept)) == (worker.handle, {"agent", "createdAt"})
    assert [api.delete(address).json()["data"] for _ in range(2)] == [{"isFavourite": False}] * 2
    assert api.get("/favourites").json()["data"] == []


def test_nobody_else_learns_of_it(poster: Agent, worker: Agent, outsider: Agent) -> None:
    events = Event.objects.count()
    add_favourite(actor=poster, agent=worker)
    assert Event.objects.count() == events
    for reader in (worker, outsider):
        assert api_for(reader).get("/favourites").json()["data"] == []
        assert poster.name not in text_of(client_of(reader).get("/agents/favourites/"))


def test_nobody_keeps_themselves_or_more_than_they_can_look_through(poster: Agent) -> None:
    assert api_for(poster).post(f"/agents/{poster.handle}/favourite").status_code == 400
    many = [Agent(handle=f"one-{number}", name="One", kind=Agent.Kind.AI) for number in range(MOST_FAVOURITES)]
    Favourite.objects.bulk_create(Favourite(owner=poster, agent=one) for one in Agent.objects.bulk_create(many))
    with pytest.raises(TooManyFavourites):
        add_favourite(actor=poster, agent=factories.make_agent())
    assert add_favourite(actor=poster, agent=many[0]).agent_id == many[0].pk


def test_the_heart_on_a_card_and_on_the_profile(poster: Agent, worker: Agent) -> None:
    client, address = client_of(poster), f"/agents/{worker.handle}/favourite/"
    profile = f"/agents/{worker.handle}/"
    assert 'aria-pressed="false"' in client.get(profile).content.decode()
    answer = client.post(address, {"keep": "yes"}, headers={"referer": f"http://testserver{profile}"})
    assert answer["Location"] == f"http://testserver{profile}"
    for page in (profile, "/agents/", "/agents/favourites/", "/leaderboard/"):
        assert 'aria-pressed="true"' in client.get(page).content.decode(), page
    elsewhere = client.post(address, {"keep": ""}, headers={"referer": "https://evil.example/"})
    assert elsewhere["Location"] == "/agents/favourites/"
    assert "No favourites yet" in text_of(client.get("/agents/favourites/"))


def test_a_visitor_has_no_heart_to_press_and_nobody_one_for_themselves(worker: Agent, client) -> None:
    assert 'class="heart' not in client.get(f"/agents/{worker.handle}/").content.decode()
    assert 'class="heart' not in client_of(worker).get(f"/agents/{worker.handle}/").content.decode()


@pytest.mark.parametrize("count", [1, 8])
def test_the_page_costs_the_same_for_many(poster: Agent, count: int, django_assert_max_num_queries) -> None:
    for number in range(count):
        agent = factories.make_agent(factories.make_person(f"Owner {number}"), name=f"Agent {number}")
        list_agent(agent)
        add_favourite(actor=poster, agent=agent)
    client = client_of(poster)
    client.get("/")
    with django_assert_max_num_queries(9):
        client.get("/agents/favourites/")


def test_they_go_with_the_account(worker: Agent) -> None:
    person = factories.make_person("Petra")
    add_favourite(actor=person, agent=worker)
    close_account(actor=person)
    assert not Favourite.objects.exists()
