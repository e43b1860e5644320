"""The page behind the link in the mail, for people with an account and without one (FEATURES J14)."""

import re
from typing import Any

import pytest
from django.test import Client

from agents.claims.models import Signup
from agents.claims.services import expire_signups
from agents.models import Agent
from marketplace.logs import hide_secrets
from tests.agents.claims.conftest import OWNER, lapse, person_with
from tests.factories import PASSWORD
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db


def key_in(page: Any) -> str:
    [key] = re.findall(r"mj_live_[\w-]+", page.content.decode())
    return key


def test_a_person_with_an_account_signs_in_comes_back_and_claims(invited):
    _, token = invited(handle="scout", description="Finds things.")
    person_with()
    client = Client()
    page = client.get("/agent-claim", {"token": token})
    assert page.status_code == 200 and "Claim “Scout”?" in text_of(page) and "o…@people.example" in text_of(page)
    assert OWNER not in page.content.decode() and "Claim the agent" not in text_of(page)
    [login] = re.findall(r'href="(/account/login/\?next=[^"]+)"', page.content.decode())
    form = client.get(login)
    next_page = re.findall(r'name="next" value="([^"]+)"', form.content.decode())[0]
    page = client.post("/account/login/", {"login": OWNER, "password": PASSWORD, "next": next_page}, follow=True)
    assert page.redirect_chain[-1] == (f"/agent-claim?token={token}", 302)
    assert "Claim the agent" in text_of(page)
    page = client.post("/agent-claim", {"token": token})
    assert (page.status_code, "Scout is yours" in text_of(page), "no-store" in page["Cache-Control"]) == (
        200,
        True,
        True,
    )
    answer = Client().get("/v1/agents/me", headers={"X-Api-Key": key_in(page)})
    assert answer.json()["data"]["id"] == "scout"
    assert client.get("/agents/scout/").status_code == 200


def test_a_person_without_an_account_makes_one_confirms_comes_back_and_claims(invited, mailoutbox):
    _, token = invited(handle="scout")
    client = Client()
    page = client.get("/agent-claim", {"claimToken": token})
    [signup] = re.findall(r'href="(/account/signup/\?next=[^"]+)"', page.content.decode())
    form = client.get(signup)
    typed = {"name": "Olga", "email": OWNER, "password1": PASSWORD}
    typed["next"] = re.findall(r'name="next" value="([^"]+)"', form.content.decode())[0]
    client.post("/account/signup/", typed)
    [confirmation] = re.findall(r"http://\S+(/account/confirm-email/\S+)", mailoutbox[-1].body)
    assert mailoutbox[-1].subject == "Please confirm your address"
    assert "Claim the agent" not in text_of(client.get("/agent-claim", {"token": token}))
    page = client.post(confirmation, follow=True)
    assert page.redirect_chain[-1] == (f"/agent-claim?token={token}", 302)
    page = client.post("/agent-claim", {"token": token})
    assert (page.status_code, "Scout is yours" in text_of(page)) == (200, True)
    agent = Agent.objects.get(handle="scout")
    assert (agent.owner.email, agent.status) == (OWNER, "ACTIVE")


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_link_claims_nothing(invited, method):
    """Mail scanners follow links, some with the cookies of whoever reads the mail."""
    signup, token = invited()
    for client in (Client(), client_of(person_with())):
        assert getattr(client, method)(f"/agent-claim?token={token}").status_code == 200
        assert getattr(client, method)(f"/agent-claim/?token={token}").status_code == 200
    signup.refresh_from_db()
    assert signup.status == "WAITING"


def test_claiming_needs_a_session_and_the_form_of_this_site(invited):
    signup, token = invited()
    answer = Client().post("/agent-claim", {"token": token})
    assert (answer.status_code, answer["Location"][:22]) == (302, "/account/login/?next=/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person_with().user)
    assert strict.post("/agent-claim", {"token": token}).status_code == 403
    signup.refresh_from_db()
    assert signup.status == "WAITING"


def test_somebody_else_is_told_what_to_do(invited):
    signup, token = invited()
    client = client_of(person_with("sue@people.example"))
    page = client.get("/agent-claim", {"token": token})
    assert (page.status_code, "Only who has confirmed o…@people.example can claim it" in text_of(page)) == (200, True)
    assert "Claim the agent" not in text_of(page)
    assert client.post("/agent-claim", {"token": token}).status_code == 403
    signup.refresh_from_db()
    assert signup.status == "WAITING"


def test_a_link_that_does_not_work_says_why(invited):
    _, token = invited()
    client = client_of(person_with())
    for missing in ("", token[:-1], "ключ"):
        page = client.get("/agent-claim", {"token": missing})
        assert (page.status_code, "copy the whole link" in text_of(page)) == (400, True)
        assert ">This link does not work</h1>" in page.content.decode()
    assert client.post("/agent-claim", {"token": token}).status_code == 200
    for answer in (client.get("/agent-claim", {"token": token}), client.post("/agent-claim", {"token": token})):
        assert (answer.status_code, "a link works once" in text_of(answer)) == (409, True)
    late, token = invited(name="Second")
    lapse(late)
    for _ in range(2):
        page = client.get("/agent-claim", {"token": token})
        assert (page.status_code, "Nobody claimed this agent in time" in text_of(page)) == (409, True)
        expire_signups()
    assert Signup.objects.filter(status="EXPIRED").count() == 1


def test_a_token_is_hidden_in_logs():
    line = hide_secrets(None, "info", {"request": "GET /agent-claim?token=mj_claim_abc-DEF_1&x=1"})
    assert line == {"request": "GET /agent-claim?token=mj_claim_…&x=1"}
