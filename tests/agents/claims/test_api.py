"""Agents sign themselves up and are claimed, over HTTP (FEATURES J14; WIRE 1.9)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from agents.claims.models import Signup
from agents.claims.services import MOST_MAILS, MOST_WAITING, expire_signups, sign_up_agent
from agents.claims.tasks import send_claim_mails
from agents.models import Agent
from agents.queries import live_key
from agents.services import create_agent, set_suspension
from marketplace.events.models import Event
from tests.agents.claims.conftest import OWNER, lapse, person_with, token_in
from tests.factories import make_agent, make_person
from tests.fixtures import api_for
from tests.pages import client_of

WANTED = {"agentHandle": "scout", "name": "Scout", "vertical": "research", "ownerEmail": OWNER}
REPLY = {"intentId", "agentId", "agentHandle", "status", "createdAt", "expiresAt", "nextStep"}


def claim(client: Client, token: str, name: str = "claimToken", **headers: str) -> Any:
    """As a page of this site would, with the person's cookie."""
    origin = {"Origin": "http://testserver", **headers}
    return client.post("/v1/agent-signups/claim", {name: token}, content_type="application/json", headers=origin)


def test_from_the_sign_up_by_mail_to_the_claim_and_the_first_call_with_the_key(anonymous_api, mailoutbox):
    """J14"""
    answer = anonymous_api.post("/agent-signups", {**WANTED, "source": "cli", "campaign": None, "initialJobId": "x"})
    told = answer.json()["data"]
    assert (answer.status_code, told.keys(), told["agentId"]) == (201, REPLY, "scout")
    assert (told["status"], "o…@people.example" in told["nextStep"]) == ("PENDING_CLAIM", True)
    assert len(mailoutbox) == 0
    assert (send_claim_mails(), len(mailoutbox)) == (1, 1)
    assert mailoutbox[0].to == [OWNER]

    owner = person_with()
    answer = claim(client_of(owner), token_in(mailoutbox[0]))
    mine = answer.json()["data"]
    assert (answer.status_code, mine["id"], mine["agentId"], mine["agentHandle"]) == (201, "scout", "scout", "scout")
    assert (mine["status"], answer["Cache-Control"]) == ("ACTIVE", "no-store")
    agent = Agent.objects.get(handle="scout")
    key = live_key(mine["apiKey"])
    assert (agent.owner, agent.vertical, key.agent) == (owner.user, "research", agent)
    event = Event.objects.get(type="agent.claimed")
    assert (event.actor, event.audience) == (owner, [agent.pk])
    assert event.data == {"agentId": "scout", "name": "Scout", "status": "ACTIVE"}
    progress = anonymous_api.get(f"/agent-signups/{told['intentId']}").json()["data"]
    assert (progress["status"], "ask them for it" in progress["nextStep"]) == ("ACTIVE", True)


def test_the_answer_is_the_same_whether_or_not_the_owner_has_an_account(anonymous_api, django_assert_num_queries):
    """S5: the same members, status, headers and queries; nothing is mailed in the request."""
    person_with("known@people.example")
    seen = []
    for email in ("known@people.example", "unheard@people.example"):
        with django_assert_num_queries(15):
            answer = anonymous_api.post("/agent-signups", {"name": "Scout", "ownerEmail": email})
        told = answer.json()["data"]
        changing = {name: told.pop(name) for name in ("intentId", "agentId", "agentHandle", "createdAt", "expiresAt")}
        told["nextStep"] = told["nextStep"].replace(f"{email[0]}…", "…")
        headers = {name for name in answer.headers if not name.startswith("RateLimit")}
        seen.append((answer.status_code, told, changing.keys(), headers))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"name": None}, (400, "VALIDATION_FAILED", ["name"])),
        ({"ownerEmail": None}, (400, "VALIDATION_FAILED", ["ownerEmail"])),
        ({"ownerEmail": "nobody"}, (400, "VALIDATION_FAILED", ["ownerEmail"])),
        ({"ownerEmail": "a@b.example\nBcc: c@d.example"}, (400, "VALIDATION_FAILED", ["ownerEmail"])),
        ({"agentHandle": "A b"}, (400, "VALIDATION_FAILED", ["agentHandle"])),
        ({"agentHandle": "availability"}, (400, "VALIDATION_FAILED", ["agentHandle"])),
        ({"agentHandle": None, "handle": "x"}, (400, "VALIDATION_FAILED", ["handle"])),
        ({"agentHandle": "taken"}, (409, "HANDLE_TAKEN", [])),
    ],
)
def test_what_is_wrong_with_a_sign_up_is_named_and_leaves_nothing(anonymous_api, problem, changes, answer):
    make_agent(handle="taken")
    assert problem(anonymous_api.post("/agent-signups", {**WANTED, **changes})) == answer
    assert not Signup.objects.exists() and not Agent.objects.filter(status="PENDING_CLAIM").exists()


def test_a_handle_is_kept_while_the_sign_up_is_alive_and_free_again_after_it(anonymous_api, poster, problem, invited):
    def available(handle: str) -> Any:
        return anonymous_api.get(f"/agents/availability?handle={handle}").json()["data"]

    assert available("scout") == {"handle": "scout", "available": True, "reason": ""}
    signup, _ = invited(handle="scout")
    assert available("scout")["available"] is False
    assert "lower-case" in available("Scout")["reason"] and available("me")["available"] is False
    assert problem(anonymous_api.post("/agent-signups", WANTED))[:2] == (409, "HANDLE_TAKEN")
    assert problem(api_for(poster).post("/agents", {"id": "scout", "name": "N"}))[:2] == (409, "HANDLE_TAKEN")
    lapse(signup)
    assert available("scout")["available"] is True
    # Whichever comes first, the sweep or the next who wants the handle.
    answer = anonymous_api.post("/agent-signups", {**WANTED, "ownerEmail": "other@people.example"})
    assert answer.status_code == 201
    lapse()
    assert expire_signups() == 1
    assert not Agent.objects.filter(handle="scout").exists()
    assert create_agent(actor=poster, name="N", handle="scout")
    assert problem(anonymous_api.get("/agents/availability"))[2] == ["handle"]


def test_nobody_sees_an_agent_that_is_not_claimed(anonymous_api, poster_api, poster, problem, invited):
    signup, _ = invited(handle="scout")
    for reference in ("scout", str(signup.agent_id)):
        assert problem(poster_api.get(f"/agents/{reference}"))[0] == 404
        assert problem(poster_api.post(f"/agents/{reference}/api-keys", {"name": "k"}))[0] == 404
    assert [agent["id"] for agent in anonymous_api.get("/agents").json()["data"] if agent["id"] == "scout"] == []
    assert client_of(poster).get("/agents/scout/").status_code == 404


@pytest.mark.parametrize("token", ["", "mj_claim_", "mj_claim_invented", "ключ", "x" * 200, "\ud800"])
def test_a_token_that_nobody_was_mailed_claims_nothing(invited, problem, token):
    invited()
    assert problem(claim(client_of(person_with()), token)) == (400, "VALIDATION_FAILED", ["claimToken"])
    assert not Agent.objects.filter(handle="scout", owner__isnull=False).exists()


def test_a_token_works_once(invited, problem):
    _, token = invited()
    client = client_of(person_with())
    assert claim(client, token, "token").status_code == 201
    assert problem(claim(client, token))[:2] == (409, "ALREADY_CLAIMED")
    assert Event.objects.filter(type="agent.claimed").count() == 1


def test_a_token_ends_with_its_sign_up_swept_or_not(invited, problem):
    signup, token = invited()
    client = client_of(person_with())
    lapse(signup)
    assert problem(claim(client, token))[:2] == (409, "SIGNUP_EXPIRED")
    assert expire_signups() == 1
    assert problem(claim(client, token))[:2] == (409, "SIGNUP_EXPIRED")


def test_only_the_person_who_confirmed_the_address_claims(invited, problem, worker, anonymous_api):
    """A forwarded link is not enough, an address that is only given neither, and an agent owns no agent."""
    signup, token = invited()
    assert problem(anonymous_api.post("/agent-signups/claim", {"claimToken": token}))[0] == 401
    assert problem(api_for(worker).post("/agent-signups/claim", {"claimToken": token}))[0] == 403
    assert problem(claim(client_of(person_with("sue@people.example")), token))[0] == 403
    assert problem(claim(client_of(person_with(verified=False)), token))[0] == 403
    owner = person_with("OLGA@people.example")
    set_suspension(agent=owner, suspended=True, actor=make_person("Olaf", is_staff=True))
    assert problem(claim(client_of(owner), token))[0] == 403
    signup.refresh_from_db()
    assert (signup.status, signup.agent.status) == ("WAITING", "PENDING_CLAIM")
    set_suspension(agent=owner, suspended=False, actor=make_person("Olaf", is_staff=True))
    assert problem(claim(client_of(owner), token, Origin="http://evil.example"))[0] == 403
    assert claim(client_of(owner), token).status_code == 201


def test_an_operator_can_bar_an_agent_before_it_is_claimed(invited, problem):
    signup, token = invited()
    operator, owner = make_person("Olaf", is_staff=True), person_with()
    set_suspension(agent=signup.agent, suspended=True, actor=operator)
    assert problem(claim(client_of(owner), token))[0] == 403
    assert set_suspension(agent=signup.agent, suspended=False, actor=operator).status == "PENDING_CLAIM"
    assert claim(client_of(owner), token).status_code == 201


def test_the_link_is_mailed_again_a_few_times_and_every_link_works(anonymous_api, invited, problem, mailoutbox):
    signup, first = invited()
    address = f"/agent-signups/{signup.pk}/resend"
    soon = anonymous_api.post(address)
    assert problem(soon)[:2] == (429, "MAILED_JUST_NOW") and 1 <= int(soon["Retry-After"]) <= 60
    for _ in range(MOST_MAILS - 1):
        Signup.objects.update(last_mail_at=Now() - timedelta(minutes=1))
        # Asked for twice before the mail goes, it goes once.
        assert [anonymous_api.post(address).status_code for _ in range(2)] == [200, 200]
        assert send_claim_mails() == 1
    Signup.objects.update(last_mail_at=Now() - timedelta(minutes=1))
    assert problem(anonymous_api.post(address))[:2] == (409, "MAILS_USED_UP")
    assert (len(mailoutbox), {mail.to[0] for mail in mailoutbox}) == (MOST_MAILS, {OWNER})
    assert len({token_in(mail) for mail in mailoutbox}) == MOST_MAILS
    assert claim(client_of(person_with()), first).status_code == 201
    assert problem(anonymous_api.post(address))[:2] == (409, "ALREADY_CLAIMED")


@pytest.mark.parametrize("reference", ["nothing", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_sign_up_is_not_there(anonymous_api, problem, reference):
    assert problem(anonymous_api.get(f"/agent-signups/{reference}"))[0] == 404
    assert problem(anonymous_api.post(f"/agent-signups/{reference}/resend"))[0] == 404


def test_a_mailbox_is_not_filled_by_strangers(anonymous_api, problem):
    for number in range(MOST_WAITING):
        sign_up_agent(owner_email=OWNER, name=f"Agent {number}")
    assert problem(anonymous_api.post("/agent-signups", {**WANTED, "ownerEmail": OWNER.upper()}))[:2] == (
        409,
        "SIGNUPS_WAITING",
    )
    assert anonymous_api.post("/agent-signups", {**WANTED, "ownerEmail": "other@people.example"}).status_code == 201


def test_sign_ups_from_one_address_are_throttled(anonymous_api, problem, settings):
    """S6"""
    settings.THROTTLES = {**settings.THROTTLES, "signup": "2/m"}
    seen = [anonymous_api.post("/agent-signups", {"name": "N", "ownerEmail": OWNER}) for _ in range(3)]
    assert [answer.status_code for answer in seen] == [201, 201, 429]
    assert int(seen[2]["Retry-After"]) <= 60 and Signup.objects.count() == 2


def test_sign_ups_for_one_owner_are_throttled_wherever_they_come_from(problem, settings, db):
    """S6, S5: the mailbox counts in any case of its letters, whether or not it has an account here."""
    settings.THROTTLES = {**settings.THROTTLES, "signup_account": "2/m"}
    callers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(3)]
    seen = [
        caller.post("/v1/agent-signups", {"name": "N", "ownerEmail": owner}, content_type="application/json")
        for caller, owner in zip(callers, (OWNER, OWNER.upper(), OWNER), strict=True)
    ]
    assert [answer.status_code for answer in seen] == [201, 201, 429]
    assert [answer["RateLimit-Remaining"] for answer in seen] == ["1", "0", "0"]
    assert problem(seen[2])[1] == "RATE_LIMITED" and int(seen[2]["Retry-After"]) <= 60
