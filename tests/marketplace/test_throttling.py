"""How often one may ask (SURVIVE S6): counted to the request, whoever asks at the same moment."""

import time
from collections import Counter
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.test import Client, RequestFactory

from agents.models import User
from agents.services import mint_api_key
from jobs.models import Job
from marketplace.api import throttling
from marketplace.api.throttling import NotCounted, RateLimited, account_of, address_of, network_of, rates, take
from marketplace.identifiers import uuid7
from tests.factories import PASSWORD, make_agent, make_person
from tests.fixtures import ApiClient, api_for
from tests.racing import losers, race, winners
from tests.waiting import wait_for

HEADERS = {f"{start}RateLimit-{end}" for start in ("", "X-") for end in ("Limit", "Remaining", "Reset")}
_addresses = count(1)


@pytest.fixture
def limits(settings: Any) -> Any:
    """Sets the rates of scopes: `limits(key="10/m")`."""

    def set_rates(**scopes: str) -> None:
        settings.THROTTLES = {**settings.THROTTLES, **scopes}

    return set_rates


@pytest.fixture
def nobody() -> str:
    """An identity that has not asked before."""
    return str(uuid7())


@pytest.fixture
def valkey_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(throttling, "_of_thread", throttling._OfThread())


def new_address() -> str:
    """One that nobody has asked from, in the network that is kept for documents."""
    return f"2001:db8:{uuid7().hex[-4:]}:{next(_addresses):x}::1"


def limits_in(response: Any) -> list[int]:
    """Limit, remaining and seconds to wait, once both kinds of headers have been compared."""
    limit, remaining, reset = (int(response[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))
    assert [response["X-RateLimit-Limit"], response["X-RateLimit-Remaining"]] == [str(limit), str(remaining)]
    assert abs(int(response["X-RateLimit-Reset"]) - time.time() - reset) < 5
    return [limit, remaining, reset]


# The counter


def test_a_bucket_counts_down_and_says_when_it_is_filled_again(limits: Any, nobody: str) -> None:
    limits(test="3/m")
    usages = [take("test", nobody) for _ in range(3)]
    assert [(usage.limit, usage.remaining) for usage in usages if usage] == [(3, 2), (3, 1), (3, 0)]
    with pytest.raises(RateLimited) as refusal:
        take("test", nobody)
    assert 1 <= refusal.value.usage.reset <= 60
    assert refusal.value.headers["Retry-After"] == str(refusal.value.usage.reset)


def test_when_the_time_is_up_one_may_ask_again(limits: Any, nobody: str) -> None:
    limits(test="1/1s")

    def asked() -> bool:
        try:
            take("test", nobody)
        except RateLimited:
            return False
        return True

    assert asked() and not asked()
    wait_for(asked, "the window to end")


@pytest.mark.parametrize("limit", [1, 10, 63])
def test_of_64_at_once_exactly_the_limit_pass(limits: Any, nobody: str, limit: int) -> None:
    """S6"""
    limits(test=f"{limit}/m")
    outcomes = race([partial(take, "test", nobody)] * 64, with_database=False)
    assert len(winners(outcomes)) == limit
    assert {type(failure) for failure in losers(outcomes)} == {RateLimited}
    assert sorted(usage.remaining for usage in winners(outcomes)) == list(range(limit))


def test_who_is_refused_fills_nobody_elses_bucket(limits: Any, nobody: str) -> None:
    """From one address nobody keeps others out of their account for longer than the address may ask at all."""
    limits(test="2/m", test_account="5/m")
    victim = str(uuid7())
    for _ in range(2):
        take("test", nobody, ("test_account", victim))
    for _ in range(10):
        with pytest.raises(RateLimited):
            take("test", nobody, ("test_account", victim))
    usage = take("test_account", victim)
    assert usage and usage.remaining == 2


def test_the_fullest_bucket_is_told_and_the_longest_wait(limits: Any, nobody: str) -> None:
    limits(test="3/m, 2/h")
    usage = take("test", nobody)
    assert usage and (usage.limit, usage.remaining) == (2, 1)
    take("test", nobody)
    with pytest.raises(RateLimited) as refusal:
        take("test", nobody)
    assert (refusal.value.usage.limit, refusal.value.usage.reset) == (2, 3600)


def test_one_question_to_valkey_however_many_buckets(limits: Any, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits(test="5/m, 50/h", test_account="5/m")
    take("test", nobody)
    asked: list[Any] = []
    exchange = throttling._exchange
    monkeypatch.setattr(throttling, "_exchange", lambda *command: asked.append(command) or exchange(*command))
    take("test", nobody, ("test_account", nobody))
    assert [command[:3] for command in asked] == [("EVALSHA", throttling.DIGEST, 3)]


def test_a_scope_without_a_rate_is_not_counted(limits: Any, nobody: str) -> None:
    limits(test="")
    assert take("test", nobody) is None
    assert take("of no such name", nobody) is None


def test_a_new_rate_begins_anew(limits: Any, nobody: str) -> None:
    limits(test="1/m")
    take("test", nobody)
    limits(test="2/m")
    usage = take("test", nobody)
    assert usage and usage.remaining == 1


@pytest.mark.parametrize("text", ["10", "10/", "10/x", "0/m", "-1/m", "ten/m", "10/0s", "10/m 5/h", "1/m, x"])
def test_a_rate_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        rates(text)


def test_the_rates_in_the_settings_can_be_read(settings: Any) -> None:
    assert all(rates(text) for text in settings.THROTTLES.values())
    assert set(settings.THROTTLES) >= settings.THROTTLES_FAIL_CLOSED > {"login", "signup", "password_reset"}


def test_a_script_that_valkey_forgot_is_sent_again(limits: Any, nobody: str) -> None:
    """After a restart, which also ends the connection."""
    limits(test="3/m")
    take("test", nobody)
    throttling._exchange("SCRIPT", "FLUSH")
    assert take("test", nobody)
    connection = throttling._of_thread.connection
    assert connection is not None
    throttling._exchange("CLIENT", "KILL", "ID", throttling._exchange("CLIENT", "ID"), "SKIPME", "no")
    usage = take("test", nobody)
    assert usage and usage.remaining == 0


# When Valkey is away


@pytest.mark.usefixtures("valkey_away")
def test_without_valkey_the_market_goes_on_uncounted(limits: Any, nobody: str, caplog: Any) -> None:
    """Reads and deals do not need it; the log says so, and not with a line for every request."""
    limits(test="1/m")
    assert [take("test", nobody) for _ in range(100)] == [None] * 100
    assert sum("throttles_not_counted" in str(record.msg) for record in caplog.records) == 1


@pytest.mark.usefixtures("valkey_away")
def test_without_valkey_no_password_is_tried(client: Client, db: None) -> None:
    """Guarded by nothing, an outage would be the hour to guess."""
    with pytest.raises(NotCounted):
        take("login", "somebody")
    response = client.post("/account/login/", {"login": "a@b.example", "password": "x"})
    assert (response.status_code, response["Retry-After"]) == (503, "1")


@pytest.mark.usefixtures("valkey_away")
def test_without_valkey_the_api_answers(anonymous_api: ApiClient, worker_api: ApiClient) -> None:
    for response in (anonymous_api.get("/jobs"), worker_api.get("/agents/me"), anonymous_api.get("/nothing")):
        assert response.status_code in {200, 404}
        assert not HEADERS & set(response.headers)


# Who asks


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "", "192.0.2.1"),
        (0, "198.51.100.9", "192.0.2.1"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (2, "203.0.113.5, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        (2, "198.51.100.9", "192.0.2.1"),
        (1, "", "unknown"),
        (1, "nonsense", "unknown"),
    ],
)
def test_a_header_is_believed_as_far_as_our_proxies_wrote_it(
    settings: Any, proxies: int, forwarded: str, found: str
) -> None:
    """S6: what the caller puts before it changes nothing."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.1")
    assert address_of(request) == found


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("", "unknown"),
    ],
)
def test_a_network_of_version_6_is_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_account_is_counted_in_any_spelling_and_stored_in_none() -> None:
    assert account_of(" Pat@Example.org ") == account_of("pat@example.org")
    assert "pat" not in account_of("pat@example.org")


# The API


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/jobs", 200),
        ("GET", "/jobs/", 200),
        ("GET", "/agents", 200),
        ("GET", "/agents/me", 401),
        ("GET", "/nothing", 404),
        ("GET", "", 404),
        ("GET", "/jobs?q=%00", 400),
        ("PUT", "/jobs", 405),
        ("OPTIONS", "/jobs", 200),
        ("HEAD", "/jobs", 200),
    ],
)
def test_every_response_says_how_often_one_may_ask(limits: Any, db: None, method: str, path: str, status: int) -> None:
    limits(anonymous="7/m")
    client = Client(REMOTE_ADDR=new_address())
    for remaining in (6, 5):
        response = client.generic(method, f"/v1{path}")
        assert (response.status_code, limits_in(response)[:2]) == (status, [7, remaining])


def test_a_wrong_key_is_counted_by_address(limits: Any, db: None, problem: Any) -> None:
    limits(anonymous="2/m", key="1/m")
    client = Client(REMOTE_ADDR=new_address())
    answers = [client.get("/v1/agents/me", headers={"X-Api-Key": f"mj_live_{number}"}) for number in range(3)]
    assert [response.status_code for response in answers] == [401, 401, 429]
    assert problem(answers[2]) == (429, "RATE_LIMITED", [])


@pytest.mark.parametrize("path", ["/jobs", "/nothing"])
def test_too_often_is_a_problem_with_a_true_wait(limits: Any, db: None, problem: Any, path: str) -> None:
    """WIRE 0.4: clients wait as long as they are told."""
    limits(anonymous="1/10s")
    client = Client(REMOTE_ADDR=new_address())
    client.get(f"/v1{path}")
    response = client.get(f"/v1{path}")
    assert problem(response) == (429, "RATE_LIMITED", [])
    limit, remaining, reset = limits_in(response)
    assert (limit, remaining) == (1, 0) and 1 <= reset <= 10
    assert response["Retry-After"] == str(reset) == str(response.json()["retryAfter"])
    assert client.get(f"/errors/{'rate-limited'}").status_code == 200


def test_a_key_is_one_caller_from_wherever_it_asks(limits: Any, worker: Any) -> None:
    """S6: shared over addresses it is one bucket, and two keys are two."""
    limits(key="2/m", anonymous="1/m")
    keys = [mint_api_key(agent=worker, name=name, actor=worker)[1] for name in ("one", "two")]

    def ask(key: str) -> int:
        return Client(REMOTE_ADDR=new_address()).get("/v1/agents/me", headers={"X-Api-Key": key}).status_code

    assert [ask(keys[0]) for _ in range(3)] == [200, 200, 429]
    assert [ask(keys[1]) for _ in range(3)] == [200, 200, 429]


def test_a_person_is_counted_apart_from_their_address(limits: Any, db: None) -> None:
    limits(key="1/m", anonymous="1/m")
    address = new_address()
    for name in ("Pat", "Pia"):
        client = Client(REMOTE_ADDR=address)
        client.force_login(make_person(name).user)
        assert [client.get("/v1/agents/me").status_code for _ in range(2)] == [200, 429]


def test_a_spoofed_header_does_not_change_the_bucket(limits: Any, db: None, settings: Any) -> None:
    """S6"""
    limits(anonymous="2/m")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    address = new_address()
    spoofed = [f"198.51.100.{number}, {address}" for number in range(4)]
    answers = [Client().get("/v1/jobs", headers={"X-Forwarded-For": header}).status_code for header in spoofed]
    assert answers == [200, 200, 429, 429]


def test_a_refused_request_does_nothing_and_its_idempotency_key_stays_free(limits: Any, poster: Any) -> None:
    """L10: 429 is not stored."""
    limits(key="1/1s")
    api = api_for(poster)
    body = {"title": "Once", "budgetUsdc": "1"}
    api.get("/agents/me")
    assert api.post("/jobs", body, idempotency_key="k").status_code == 429
    assert not Job.objects.exists()
    wait_for(lambda: api.post("/jobs", body, idempotency_key="k").status_code == 201, "the window to end")
    assert Job.objects.count() == 1
    replay = wait_for(lambda: _unless_limited(api.post("/jobs", body, idempotency_key="k")), "the window to end")
    assert (replay.status_code, replay["Idempotent-Replayed"], limits_in(replay)[:2]) == (201, "true", [1, 0])


def _unless_limited(response: Any) -> Any:
    return None if response.status_code == 429 else response


@pytest.mark.django_db(transaction=True)
def test_of_64_requests_at_once_exactly_the_limit_are_answered(limits: Any) -> None:
    """S6, over the whole stack."""
    limits(key="10/m")
    key = api_for(make_agent()).key
    outcomes = race([partial(ApiClient(key).get, "/agents/me")] * 64)
    assert Counter(response.status_code for response in outcomes) == {200: 10, 429: 54}
    assert sorted(limits_in(response)[1] for response in outcomes if response.status_code == 200) == list(range(10))


# Accounts


def log_in(email: str, address: str, **headers: str) -> Any:
    form = {"login": email, "password": "wrong"}
    return Client(REMOTE_ADDR=address, headers=headers).post("/account/login/", form)


@pytest.fixture
def passwords(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was looked at."""
    from agents import models

    looked_at: list[str] = []
    check = User.check_password

    def count_check(user: User, raw: str) -> bool:
        looked_at.append(raw)
        return check(user, raw)

    monkeypatch.setattr(models.User, "check_password", count_check)
    return looked_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("from_many", [False, True])
def test_of_64_wrong_logins_at_once_ten_reach_the_password(limits: Any, passwords: list[str], from_many: bool) -> None:
    """S6: from one address, and from 64."""
    limits(login="10/m", login_account="10/m")
    email = make_person("Vic", password=PASSWORD).user.email
    address = new_address()
    outcomes = race([partial(log_in, email, new_address() if from_many else address) for _ in range(64)])
    assert Counter(response.status_code for response in outcomes) == {200: 10, 429: 54}
    assert len(passwords) == 10
    refused = [response for response in outcomes if response.status_code == 429]
    for response in refused:
        limit, remaining, reset = limits_in(response)
        assert (limit, remaining, response["Retry-After"]) == (10, 0, str(reset))
        assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "scope", "form"),
    [
        ("/account/login/", "login", {"login": "{email}", "password": "wrong"}),
        (
            "/account/signup/",
            "signup",
            {"name": "New", "email": "{email}", "password1": PASSWORD},
        ),
        ("/account/password/reset/", "password_reset", {"email": "{email}"}),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_forms_are_counted_by_account_and_by_address_alike_for_known_and_unknown(
    limits: Any, db: None, settings: Any, path: str, scope: str, form: dict[str, str], known: bool
) -> None:
    """S5: the limit tells nobody who has an account."""
    limits(**{scope: "3/m", f"{scope}_account": "2/m"})
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0

    def send(email: str, address: str) -> int:
        sent = {name: value.format(email=email) for name, value in form.items()}
        client = Client(REMOTE_ADDR=address, headers={"X-Forwarded-For": new_address()})
        return client.post(path, sent).status_code

    email = make_person("Kim").user.email if known else f"{uuid7()}@people.example"
    answers = [send(email, new_address()) for _ in range(3)]
    assert answers[2] == 429 and 429 not in answers[:2]
    assert send(email.upper(), new_address()) == 429
    address = new_address()
    answers = [send(f"{uuid7()}@people.example", address) for _ in range(4)]
    assert answers[3] == 429 and 429 not in answers[:3]


def test_looking_at_a_form_is_not_counted(limits: Any, db: None, client: Client) -> None:
    limits(login="1/m", signup="1/m", password_reset="1/m")
    for form in ("login", "signup", "password/reset"):
        assert [client.get(f"/account/{form}/").status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("scope", "path", "sent"),
    [
        ("program_registration", "register", {"client_name": "cli"}),
        ("program_login", "device_authorization", {"client_id": "nobody"}),
        ("program_token", "token", {"grant_type": "refresh_token", "refresh_token": "guessed"}),
    ],
)
def test_programs_are_counted_by_address(limits: Any, db: None, problem: Any, scope: str, path: str, sent: Any) -> None:
    """Besides all that the address asks, whatever program it says it is."""
    limits(**{scope: "2/m"})
    api = ApiClient()
    api.client.defaults["REMOTE_ADDR"] = new_address()
    answers = [api.post(f"/oauth/{path}", sent) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert problem(answers[2])[:2] == (429, "RATE_LIMITED")
    assert int(answers[2]["Retry-After"]) > 0
    api.client.defaults["REMOTE_ADDR"] = new_address()
    assert api.post(f"/oauth/{path}", sent).status_code != 429


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("by_account", [True, False])
def test_nobody_tries_out_the_codes_of_programs(limits: Any, db: None, method: str, by_account: bool) -> None:
    """A good one is not looked at either once there were too many wrong ones (RFC 8628, 5.1)."""
    limits(**{"device_code_account" if by_account else "device_code": "3/m"})
    address, people = new_address(), [make_person("Kim") for _ in range(4)]

    def guess(number: int) -> Any:
        browser = Client(REMOTE_ADDR=new_address() if by_account else address)
        browser.force_login(people[0 if by_account else number].user)  # type: ignore[arg-type]
        assert browser.get("/device/").status_code == 200
        return getattr(browser, method)("/device/", {"user_code": f"BCDF-GHJ{'BCDF'[number]}"})

    answers = [guess(number) for number in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert int(answers[3]["Retry-After"]) > 0


def test_without_valkey_no_code_is_tried(valkey_away: None, db: None, client: Client) -> None:
    client.force_login(make_person("Kim").user)  # type: ignore[arg-type]
    assert client.get("/device/", {"user_code": "BCDF-GHJK"}).status_code == 503
