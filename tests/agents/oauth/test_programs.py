"""The browser login of command lines (WIRE 1.2): a program asks, a person confirms, tokens stand for the person."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as site
from django.test import Client as Browser
from django.utils import timezone

from agents.models import Agent
from agents.oauth.models import Client, DeviceRequest, Login, RefreshToken
from agents.oauth.services import answer_device
from agents.oauth.tasks import forget_programs
from agents.oauth.tokens import make_access_token
from agents.services import set_suspension
from marketplace.events.models import Event
from tests.factories import make_person
from tests.fixtures import ApiClient
from tests.pages import prove
from tests.racing import race

SCOPE = "profile agents:read agents:write jobs:read jobs:write bids:write wallet:read evals:write"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Program:
    """A command line, which knows nothing but what it is told."""

    def __init__(self, scope: str = SCOPE):
        self.api = ApiClient()
        self.client_id = self.api.post("/oauth/register", {"client_name": "moltjobs-cli"}).json()["client_id"]
        asked = {"client_id": self.client_id, "scope": scope}
        self.told = self.api.post("/oauth/device_authorization", asked).json()

    def ask(self, **sent):
        return self.api.post("/oauth/token", {"client_id": self.client_id, **sent})

    def poll(self):
        return self.ask(grant_type=DEVICE_CODE, device_code=self.told["device_code"])

    def refresh(self, token: str):
        return self.ask(grant_type="refresh_token", refresh_token=token)

    def log_in(self, person: Agent) -> dict[str, str]:
        answer_device(user_code=self.told["user_code"], allow=True, actor=person)
        response = self.poll()
        assert response.status_code == 200, response.content
        return response.json()


def error_of(response) -> str:
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    return response.json()["error"]


def as_bearer(token: str) -> Browser:
    return Browser(headers={"Authorization": f"Bearer {token}"})


def browser_of(person: Agent) -> Browser:
    browser = Browser()
    browser.force_login(person.user)
    prove(browser)
    return browser


@pytest.fixture
def person(db) -> Agent:
    return make_person("Pia")


@pytest.fixture
def program(db) -> Program:
    return Program()


def test_a_command_line_logs_in_as_the_wire_says(program, person):
    """WIRE 1.2, step by step: bare JSON, the words that clients compare, a token whose `exp` they can read."""
    assert program.told["interval"] == 5
    assert program.told["expires_in"] == site.DEVICE_CODE_SECONDS
    assert error_of(program.poll()) == "authorization_pending"
    browser = browser_of(person)
    address = program.told["verification_uri_complete"].removeprefix(site.SITE_URL)
    page = browser.get(address).content.decode()
    assert "moltjobs-cli" in page
    assert program.told["user_code"] in page
    answer = browser.post("/device/", {"user_code": program.told["user_code"], "answer": "allow"}, follow=True)
    assert "moltjobs-cli may act for you now" in answer.content.decode()
    assert "has your yes" in answer.content.decode()
    assert "No program acts for you" not in answer.content.decode()
    DeviceRequest.objects.update(polled_at=None)
    tokens = program.poll().json()
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert "has your yes" not in browser.get("/account/programs/").content.decode()
    payload = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert 0 < claims["exp"] - timezone.now().timestamp() <= site.ACCESS_TOKEN_SECONDS
    me = as_bearer(tokens["access_token"]).get("/v1/auth/me").json()["data"]
    assert (me["email"], me["displayName"]) == (person.user.email, "Pia")
    again = program.refresh(tokens["refresh_token"]).json()
    assert as_bearer(again["access_token"]).get("/v1/auth/me").status_code == 200
    assert again["refresh_token"] != tokens["refresh_token"]


def test_a_form_is_read_as_well_as_json(program, person):
    """RFC 6749 has clients send forms."""
    answer_device(user_code=program.told["user_code"], allow=True, actor=person)
    sent = {"grant_type": DEVICE_CODE, "client_id": program.client_id, "device_code": program.told["device_code"]}
    assert Browser().post("/v1/oauth/token", sent).status_code == 415  # multipart is neither
    form = "&".join(f"{name}={value}" for name, value in sent.items())
    response = Browser().post("/v1/oauth/token", form, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


def test_a_form_too_large_is_refused(db):
    body = "client_name=" + "x" * site.DATA_UPLOAD_MAX_MEMORY_SIZE
    response = Browser().post("/v1/oauth/register", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413


def test_who_asks_too_often_is_told_to_slow_down(program):
    """RFC 8628, 3.5: and waits five seconds longer from then on."""
    assert error_of(program.poll()) == "authorization_pending"
    assert error_of(program.poll()) == "slow_down"
    assert DeviceRequest.objects.get().seconds_between_polls == 10
    DeviceRequest.objects.update(polled_at=timezone.now() - timedelta(seconds=9))
    assert error_of(program.poll()) == "slow_down"
    DeviceRequest.objects.update(polled_at=timezone.now() - timedelta(seconds=16))
    assert error_of(program.poll()) == "authorization_pending"


def test_a_refusal_is_an_answer(program, person):
    page = browser_of(person).post("/device/", {"user_code": program.told["user_code"], "answer": "deny"}, follow=True)
    assert "was refused" in page.content.decode()
    assert error_of(program.poll()) == "access_denied"
    assert not Login.objects.exists()


def test_a_code_expires(program, person):
    DeviceRequest.objects.update(expires_at=timezone.now())
    assert error_of(program.poll()) == "expired_token"
    assert browser_of(person).get(f"/device/?user_code={program.told['user_code']}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": DEVICE_CODE}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "password", "refresh_token": "x"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE_CODE, "device_code": "guessed"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "guessed"}, "invalid_grant"),
        ({"grant_type": DEVICE_CODE, "device_code": "x", "client_id": "nobody"}, "invalid_client"),
        ({"grant_type": DEVICE_CODE, "device_code": "x", "client_id": 5}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "a\0b"}, "invalid_request"),
        ({"grant_type": DEVICE_CODE, "device_code": "a\0b"}, "invalid_request"),
    ],
)
def test_refusals_have_the_words_of_the_standard(program, sent, error):
    assert error_of(program.ask(**sent)) == error


def test_a_form_with_a_nul_is_refused_in_the_words_of_the_standard(db):
    body = "grant_type=refresh_token&refresh_token=a%00b"
    answer = Browser().post("/v1/oauth/token", body, content_type="application/x-www-form-urlencoded")
    assert error_of(answer) == "invalid_request"
    assert [error["field"] for error in answer.json()["errors"]] == ["refresh_token"]


def test_a_code_is_good_for_its_own_program_once(program, person):
    other = Program()
    answer_device(user_code=program.told["user_code"], allow=True, actor=person)
    stolen = other.ask(grant_type=DEVICE_CODE, device_code=program.told["device_code"])
    assert error_of(stolen) == "invalid_grant"
    assert program.poll().status_code == 200
    assert error_of(program.poll()) == "invalid_grant"


def test_a_refresh_token_that_comes_twice_ends_the_login(program, person):
    """RFC 9700: one of the two who have it is a thief, so neither goes on, and the person is told."""
    tokens = program.log_in(person)
    newer = program.refresh(tokens["refresh_token"]).json()
    assert error_of(program.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert error_of(program.refresh(newer["refresh_token"])) == "invalid_grant"
    assert as_bearer(newer["access_token"]).get("/v1/auth/me").status_code == 401
    event = Event.objects.get(type="program.revoked")
    assert (event.actor, event.audience) == (None, [person.pk])


@pytest.mark.django_db(transaction=True)
def test_of_two_refreshes_at_once_one_wins_and_the_login_ends(person):
    program = Program()
    tokens = program.log_in(person)
    statuses = race([lambda: program.refresh(tokens["refresh_token"]).status_code] * 2)
    assert sorted(statuses) == [200, 400]
    assert Login.objects.get().revoked_at


def test_an_access_token_stands_for_the_person(program, person):
    """WIRE 1.1: it may do all that the cookie may, and needs no Origin."""
    bearer = as_bearer(program.log_in(person)["access_token"])
    posted = bearer.post("/v1/jobs", {"title": "T", "budgetUsdc": "1"}, content_type="application/json")
    assert posted.status_code == 201
    assert posted.json()["data"]["posterId"] == str(person.pk)
    made = bearer.post("/v1/agents", {"name": "Made"}, content_type="application/json").json()["data"]
    keys = bearer.post(f"/v1/agents/{made['id']}/api-keys", {"name": "k"}, content_type="application/json")
    assert keys.json()["data"]["rawKey"].startswith("mj_live_")
    assert Login.objects.get().last_used_at


def test_a_program_that_asked_to_read_only_reads(person):
    """What the page promised the person holds."""
    program = Program(scope="profile jobs:read")
    page = browser_of(person).get(f"/device/?user_code={program.told['user_code']}").content.decode()
    assert "It will change nothing" in page
    bearer = as_bearer(program.log_in(person)["access_token"])
    assert bearer.get("/v1/auth/me").status_code == 200
    refused = bearer.post("/v1/jobs", {"title": "T", "budgetUsdc": "1"}, content_type="application/json")
    assert refused.status_code == 403
    assert "profile jobs:read" in refused.json()["detail"]


def test_what_the_person_ends_is_refused_at_once(program, person):
    """S2"""
    tokens = program.log_in(person)
    browser = browser_of(person)
    login = Login.objects.get()
    assert "moltjobs-cli" in browser.get("/account/programs/").content.decode()
    asked = browser.get(f"/account/programs/{login.pk}/end/").content.decode()
    assert "moltjobs-cli" in asked
    assert "API keys that it minted for your agents live on" in asked
    assert as_bearer(tokens["access_token"]).get("/v1/auth/me").status_code == 200
    assert "may act for you no more" in browser.post(f"/account/programs/{login.pk}/end/", follow=True).content.decode()
    assert as_bearer(tokens["access_token"]).get("/v1/auth/me").status_code == 401
    assert error_of(program.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert "moltjobs-cli" not in browser.get("/account/programs/").content.decode()


def test_nobody_ends_what_is_anothers(program, person):
    program.log_in(person)
    login = Login.objects.get()
    assert browser_of(make_person("Otto")).post(f"/account/programs/{login.pk}/end/").status_code == 404
    login.refresh_from_db()
    assert login.revoked_at is None


def test_forged_and_expired_tokens_open_nothing(program, person, settings):
    """S2: another key, no signature, another audience, another time."""
    token = program.log_in(person)["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [
        jwt.encode(claims, "x" * 32, "HS256"),
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, settings.SECRET_KEY, "HS256"),
        token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        "a.b.c",
        "..",
    ]
    settings.ACCESS_TOKEN_SECONDS = -1
    forged.append(make_access_token(Login.objects.get()))
    for one in forged:
        assert as_bearer(one).get("/v1/auth/me").status_code == 401, one
        assert as_bearer(one).get("/v1/jobs").status_code == 401, one
    assert as_bearer(token).get("/v1/auth/me").status_code == 200


def test_a_secret_that_was_replaced_still_verifies(program, person, settings):
    token = program.log_in(person)["access_token"]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "new" * 20
    assert as_bearer(token).get("/v1/auth/me").status_code == 200


def test_a_token_beside_another_key_is_refused(program, person):
    token = program.log_in(person)["access_token"]
    both = Browser(headers={"Authorization": f"Bearer {token}", "X-Api-Key": "mj_live_other"})
    assert both.get("/v1/auth/me").status_code == 401


def test_barred_people_let_nobody_in_and_their_programs_out(program, person):
    operator = make_person("Olga", is_staff=True)
    token = program.log_in(person)["access_token"]
    set_suspension(agent=person, suspended=True, actor=operator)
    refused = as_bearer(token).post("/v1/jobs", {"title": "T", "budgetUsdc": "1"}, content_type="application/json")
    assert refused.status_code == 403
    second = Program()
    answer = {"user_code": second.told["user_code"], "answer": "allow"}
    assert browser_of(person).post("/device/", answer).status_code == 403
    person.user.is_active = False
    person.user.save()
    assert as_bearer(token).get("/v1/auth/me").status_code == 401


def test_the_page_needs_a_person_and_a_form_of_ours(program, person):
    """S3: another site cannot press the button."""
    assert Browser().get("/device/").status_code == 302
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person.user)
    answer = {"user_code": program.told["user_code"], "answer": "allow"}
    assert browser.post("/device/", answer).status_code == 403
    assert error_of(program.poll()) == "authorization_pending"


@pytest.mark.parametrize("typed", ["{code}", "{lower}", " {bare} "])
def test_a_code_is_read_as_people_type_it(program, person, typed):
    code = program.told["user_code"]
    sent = typed.format(code=code, lower=code.lower(), bare=code.replace("-", ""))
    page = browser_of(person).get("/device/", {"user_code": sent})
    assert "May “moltjobs-cli” act for you?" in page.content.decode()


def test_a_wrong_code_says_what_to_do(person):
    page = browser_of(person).get("/device/?user_code=NOPE-NOPE")
    assert page.status_code == 404
    assert "begin anew in the program" in page.content.decode()


def test_nothing_usable_is_stored(program, person):
    """S2: what a dump of the database holds opens nothing."""
    tokens = program.log_in(person)
    tables = (Client, DeviceRequest, Login, RefreshToken)
    stored = [str(value) for table in tables for row in table.objects.values() for value in row.values()]
    for secret in (tokens["access_token"], tokens["refresh_token"], program.told["device_code"]):
        assert not any(secret in text for text in stored)


def test_what_has_expired_is_forgotten(program, person):
    program.log_in(person)
    Program()
    long_ago = timezone.now() - timedelta(days=100)
    Client.objects.update(created_at=long_ago)
    DeviceRequest.objects.update(expires_at=long_ago)
    assert forget_programs() == 2
    assert Client.objects.get() == Login.objects.get().client
    RefreshToken.objects.update(expires_at=long_ago)
    Login.objects.update(created_at=long_ago)
    assert forget_programs() == 3
    assert not Client.objects.exists()


def test_google_says_when_it_is_not_set_up(client, db, settings):
    """Seed: /v1/auth/google."""
    response = client.get("/v1/auth/google")
    assert (response.status_code, response.json()["code"]) == (501, "GOOGLE_NOT_CONFIGURED")
    assert client.post("/account/google/login/").status_code == 404
    settings.GOOGLE_LOGIN = True
    settings.ROOT_URLCONF = "tests.agents.oauth.with_google"
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [{"client_id": "ours", "secret": "s", "key": ""}]}}
    begun = client.get("/v1/auth/google")
    assert begun.status_code == 302
    assert client.get(begun["Location"]).status_code == 200
    leads = client.post(begun["Location"])
    assert leads["Location"].startswith("https://accounts.google.com/o/oauth2/v2/auth?client_id=ours")


def test_a_key_learns_who_it_is_and_not_its_owners_address(worker, worker_api):
    me = worker_api.get("/auth/me").json()["data"]
    assert (me["agentId"], me["displayName"], me["email"]) == (worker.handle, "Wanda", None)
