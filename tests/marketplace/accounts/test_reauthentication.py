"""Money and keys leave only by who has shown lately who they are (issue 7, PEOPLE)."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from agents.models import Agent, ApiKey
from agents.oauth.models import DeviceRequest
from agents.oauth.services import register_client, request_device
from marketplace.money import MICRO
from tests.factories import PASSWORD, fund
from tests.fixtures import api_for
from tests.marketplace.accounts.conftest import log_in
from tests.pages import client_of, prove, text_of
from tests.wallets.outside import ADDRESS
from wallets.models import Withdrawal

LONG_AGO = 301


@pytest.fixture
def rich(person: Agent) -> Agent:
    return fund(person, 100 * MICRO)


def test_a_key_is_minted_after_the_password_was_given_again(person):
    """What was typed is not asked for a second time."""
    browser = client_of(person)
    prove(browser, seconds_ago=LONG_AGO)
    asked = browser.post(f"/agents/{person.handle}/keys/", {"name": "laptop", "lifetime": ""})
    assert (asked.status_code, ApiKey.objects.count()) == (302, 0)
    wrong = browser.post(asked["Location"], {"password": "wrong"})
    assert (wrong.status_code, ApiKey.objects.count()) == (200, 0)
    minted = browser.post(asked["Location"], {"password": PASSWORD})
    assert "mj_live_" in text_of(minted)
    assert ApiKey.objects.get().name == "laptop"


def test_a_withdrawal_waits_for_the_password_and_happens_once(rich):
    browser = client_of(rich)
    prove(browser, seconds_ago=LONG_AGO)
    look = browser.post("/wallet/withdrawals/new/", {"amount": "40", "address": ADDRESS})
    typed = {"amount": "40", "address": ADDRESS, "key": str(look.context["key"])}
    asked = browser.post("/wallet/withdrawals/confirm/", typed)
    assert (asked.status_code, Withdrawal.objects.count()) == (302, 0)
    sent = browser.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert "Asked for" in text_of(sent)
    browser.post("/wallet/withdrawals/confirm/", typed)
    assert Withdrawal.objects.get().amount == 40 * MICRO


@pytest.mark.parametrize("seconds_ago", [0, 299])
def test_who_has_just_signed_in_is_not_asked_again(person, seconds_ago):
    browser = log_in(person)
    prove(browser, seconds_ago=seconds_ago)
    minted = browser.post(f"/agents/{person.handle}/keys/", {"name": "laptop", "lifetime": ""})
    assert "mj_live_" in text_of(minted)


def test_a_proof_of_somebody_else_is_none(person):
    """Proofs belong to who gave them, though a session may outlive a change of who is in it."""
    browser = client_of(person)
    session = browser.session
    session["account_authentication_methods_user"] = "0"
    session.save()
    assert browser.post(f"/agents/{person.handle}/keys/", {"name": "x", "lifetime": ""}).status_code == 302


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/agents/me/api-keys", {"name": "laptop"}),
        ("/v1/agents/me/wallet/withdraw", {"amount": "40.00", "address": ADDRESS}),
        ("/v1/account/closing", {}),
    ],
)
def test_the_api_asks_sessions_the_same_and_keys_not_at_all(rich, path, body):
    """A stolen cookie finds no other door."""
    browser = client_of(rich)
    browser.defaults["HTTP_ORIGIN"] = "http://testserver"
    prove(browser, seconds_ago=LONG_AGO)
    refused = browser.post(path, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "REAUTHENTICATION_REQUIRED")
    assert not ApiKey.objects.exists()
    assert not Withdrawal.objects.exists()
    prove(browser)
    assert browser.post(path, body, content_type="application/json").status_code in (201, 409)


def test_an_address_is_added_after_the_password_was_given_again(person):
    """Whoever has a mailbox of the account has its password, by forgetting it."""
    browser = client_of(person)
    prove(browser, seconds_ago=LONG_AGO)
    more = {"email": "second@example.com", "action_add": ""}
    asked = browser.post("/account/email/", more)
    assert not EmailAddress.objects.filter(email="second@example.com").exists()
    assert asked["Location"].startswith("/account/reauthenticate/")
    browser.post(asked["Location"], {"password": PASSWORD})
    assert EmailAddress.objects.filter(email="second@example.com", user=person.user).exists()


def test_a_program_is_let_in_after_the_password_was_given_again(person):
    """Its tokens mint keys and send money without another proof."""
    browser = client_of(person)
    prove(browser, seconds_ago=LONG_AGO)
    request, _ = request_device(client=register_client(name="Tool"), scope="")
    asked = browser.post("/device/", {"user_code": request.user_code, "answer": "allow"})
    request.refresh_from_db()
    assert request.answer == DeviceRequest.Answer.PENDING
    said = browser.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert "Tool may act for you now" in text_of(said)
    refused, _ = request_device(client=register_client(name="Other"), scope="")
    prove(browser, seconds_ago=LONG_AGO)
    assert (
        browser.post("/device/", {"user_code": refused.user_code, "answer": "deny"})["Location"] == "/account/programs/"
    )


def test_a_key_proves_by_itself(rich):
    assert api_for(rich).post("/agents/me/api-keys", {"name": "another"}).status_code == 201


@pytest.fixture
def guest(person):
    """Somebody who signs in through another site alone: no password, no second factor."""
    person.user.set_unusable_password()
    person.user.save()
    browser = client_of(person)
    prove(browser, seconds_ago=LONG_AGO, method="socialaccount")
    return browser


def code_in_mail() -> str:
    """The code of the newest mail."""
    [code] = re.findall(r"^\d{6}$", mail.outbox[-1].body, re.MULTILINE)
    return code


def test_who_has_no_password_shows_a_code_from_the_mail(person, guest):
    """And what was begun goes on, with the code alone."""
    asked = guest.post(f"/agents/{person.handle}/keys/", {"name": "laptop", "lifetime": ""})
    assert (asked.status_code, ApiKey.objects.count()) == (302, 0)
    assert "Send me a code" in text_of(guest.get(asked["Location"]))
    assert len(mail.outbox) == 0
    guest.post(asked["Location"], {"send": "yes"})
    assert mail.outbox[-1].to == [person.user.email]
    code = code_in_mail()
    wrong = guest.post(asked["Location"], {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert (wrong.status_code, "not the code" in text_of(wrong), ApiKey.objects.count()) == (200, True, 0)
    assert "mj_live_" in text_of(guest.post(asked["Location"], {"code": f" {code[:3]} {code[3:]} "}))
    assert ApiKey.objects.get().name == "laptop"
    prove(guest, seconds_ago=LONG_AGO)
    again = guest.post("/account/reauthenticate/mail/", {"code": code})
    assert "not the code" in text_of(again)


def test_nobody_makes_themselves_a_password_to_prove_themselves_by(person, guest):
    """Whoever stole the session has nothing but that."""
    words = {"password1": "of-a-thief-1729", "password2": "of-a-thief-1729"}
    asked = guest.post("/account/password/set/", words)
    assert (asked.status_code, "/reauthenticate/" in asked["Location"]) == (302, True)
    person.user.refresh_from_db()
    assert not person.user.has_usable_password()


def test_a_code_ends_with_the_next_one_and_with_five_tries(person, guest):
    address = "/account/reauthenticate/mail/"
    guest.post(address, {"send": "yes"})
    first = code_in_mail()
    guest.post(address, {"send": "yes"})
    second = code_in_mail()
    assert first == second or "not the code" in text_of(guest.post(address, {"code": first}))
    for _ in range(5):
        guest.post(address, {"code": "x"})
    assert "not the code" in text_of(guest.post(address, {"code": second}))


def test_a_code_ends_with_its_time(person, guest):
    address = "/account/reauthenticate/mail/"
    guest.post(address, {"send": "yes"})
    session = guest.session
    session["mailed_code"]["ends"] -= 601
    session.save()
    assert "not the code" in text_of(guest.post(address, {"code": code_in_mail()}))


@pytest.mark.parametrize("path", ["/v1/agents/me/api-keys", "/v1/account/closing"])
def test_the_api_asks_them_too(person, guest, path):
    guest.defaults["HTTP_ORIGIN"] = "http://testserver"
    refused = guest.post(path, {"name": "laptop"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "REAUTHENTICATION_REQUIRED")


def test_who_has_a_password_is_asked_for_that(person):
    """A mailbox alone is the weaker proof."""
    browser = client_of(person)
    asked = browser.get("/account/reauthenticate/mail/")
    assert (asked.status_code, asked["Location"]) == (302, "/account/reauthenticate/")
