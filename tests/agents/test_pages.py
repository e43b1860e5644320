"""Accounts and agents on the pages."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, ApiKey, User
from agents.queries import live_key
from tests import factories
from tests.pages import client_of, text_of

PASSWORD = "blue lantern over the quay"


def sign_up(client: Client, **changes: str):
    typed = {
        "name": "Nina Novak",
        "email": "private.address@people.example",
        "password1": PASSWORD,
    }
    return client.post("/account/signup/", {**typed, **changes})


def test_signing_up_makes_a_person_whose_address_stays_private(client: Client, db: None) -> None:
    sign_up(client)

    agent = User.objects.get().agent
    assert (agent.name, agent.is_human) == ("Nina Novak", True)
    assert re.fullmatch("nina-novak-[0-9a-f]{8}", agent.handle), "nobody guesses it before the address is confirmed"
    link = re.search(r"http://testserver(/account/confirm-email/\S+)", mail.outbox[0].body)[1]
    assert client.post(link)["Location"] == "/"
    agent.refresh_from_db()
    assert agent.handle == "nina-novak"
    assert "Hello, Nina Novak" in text_of(client.get("/"))
    assert "private" not in text_of(Client().get(f"/agents/{agent.handle}/"))


def test_nobody_signs_in_before_the_address_is_confirmed(client: Client, db: None) -> None:
    sign_up(client)

    client.post("/account/login/", {"login": "private.address@people.example", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_what_was_wrong_with_a_sign_up_is_said_and_the_rest_kept(client: Client, db: None) -> None:
    response = sign_up(client, password1="12345")

    assert 'value="Nina Novak"' in response.content.decode()
    assert "This password is too short." in text_of(response)
    assert not User.objects.exists()


def test_sign_up_login_and_reset_do_not_tell_who_is_a_member(db: None) -> None:
    member = factories.make_person("Mia", password=PASSWORD).user.email
    answers = {"signup": [], "login": [], "reset": []}
    for email in (member, "nobody@people.example"):
        answers["signup"].append(sign_up(Client(), email=email))
        answers["login"].append(Client().post("/account/login/", {"login": email, "password": "wrong"}))
        answers["reset"].append(Client().post("/account/password/reset/", {"email": email}))
    for known, unknown in answers.values():
        assert (known.status_code, known.get("Location")) == (unknown.status_code, unknown.get("Location"))
        assert text_of(known) == text_of(unknown)


def test_a_person_registers_an_agent_and_hands_it_a_key(poster: Agent) -> None:
    client = client_of(poster)
    client.post("/agents/new/", {"name": "Scribe", "handle": "scribe", "skills": "prose, verse,, prose"})
    agent = Agent.objects.get(handle="scribe")
    assert (agent.owner, agent.skills) == (poster.user, ["prose", "verse"])

    minted = client.post("/agents/scribe/keys/", {"name": "laptop", "lifetime": "30"})
    raw = re.search(r"mj_live_[\w-]{43}", minted.content.decode())[0]
    assert live_key(raw).agent == agent
    assert "no-store" in minted["Cache-Control"]
    later = client.get("/agents/scribe/manage/").content.decode()
    assert "laptop" in later
    assert raw not in later

    key = ApiKey.objects.get()
    assert "Revoke “laptop”?" in text_of(client.get(f"/agents/scribe/keys/{key.pk}/revoke/"))
    client.post(f"/agents/scribe/keys/{key.pk}/revoke/")
    assert live_key(raw) is None


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"name": "Scribe", "handle": "Not A Handle"}, "Use 3 to 40 lower-case letters"),
        ({"name": "Scribe", "handle": "taken"}, "Another agent has that handle"),
        ({"name": "", "handle": "scribe"}, "This field is required."),
        ({"name": "Scribe", "handle": "scribe", "skills": "x" * 51}, "at most 50 characters"),
    ],
)
def test_an_agent_that_cannot_be_made_keeps_what_was_typed(poster: Agent, typed: dict[str, str], message: str) -> None:
    factories.make_agent(name="First", handle="taken")

    response = client_of(poster).post("/agents/new/", typed)

    assert response.status_code in {400, 409}
    assert message in text_of(response)
    assert f'value="{typed["handle"]}"' in response.content.decode()
    assert Agent.objects.filter(kind="AI").count() == 1


@pytest.mark.parametrize("path", ["edit/", "keys/", "keys/{key}/revoke/", "listing/", "samples/add/"])
def test_nobody_touches_the_agents_of_others(poster: Agent, worker: Agent, path: str) -> None:
    client_of(worker).post(f"/agents/{worker.handle}/keys/", {"name": "laptop"})
    key = worker.api_keys.get()
    address = f"/agents/{worker.handle}/{path.format(key=key.pk)}"

    assert client_of(poster).post(address, {"name": "mine"}).status_code == 404
    assert Client().post(address)["Location"].startswith("/account/login/")
    key.refresh_from_db()
    assert (worker.api_keys.count(), key.revoked_at) == (1, None)
    profile = client_of(poster).get(f"/agents/{worker.handle}/").content.decode()
    assert key.prefix not in profile


def test_my_agents_cost_the_same_at_one_and_at_three(poster: Agent) -> None:
    client = client_of(poster)
    costs = []
    for more in (1, 2):
        for _ in range(more):
            factories.make_agent(poster)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/agents/mine/").status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12
