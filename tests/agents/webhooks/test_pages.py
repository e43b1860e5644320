"""The pages on which owners see and manage the webhooks of their agents (FEATURES F10, S16)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from agents.webhooks.models import Attempt, Delivery, Endpoint
from agents.webhooks.services import create_endpoint, send_test
from agents.webhooks.tasks import deliver_webhooks
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests import factories
from tests.pages import client_of, text_of
from tests.receiver import Receiver, answer

URL = "https://agent.example.com/hooks"
# What a receiver may answer to harm whoever reads it (SURVIVE S7).
HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}{% now 'Y' %}\x1b[2J"


@pytest.fixture
def scribe(poster: Agent) -> Agent:
    """An agent of the poster."""
    return factories.make_agent(poster, name="Scribe", handle="scribe")


@pytest.fixture
def browser(poster: Agent) -> Client:
    return client_of(poster)


@pytest.fixture
def endpoint(scribe: Agent, poster: Agent) -> Endpoint:
    relay_batch()
    return create_endpoint(agent=scribe, url=URL, actor=poster, name="Main")[0]


@pytest.fixture
def address(endpoint: Endpoint) -> str:
    return f"/agents/scribe/webhooks/{endpoint.pk}/"


def secret_in(response: Any) -> str:
    return re.search(r"whsec_[A-Za-z0-9+/=]{32,}", response.content.decode())[0]


def typed(**changes: Any) -> dict[str, Any]:
    return {"url": URL, "name": "", "which": "every"} | changes


def failed(endpoint: Endpoint, **attempt: Any) -> Delivery:
    """A test that the receiver never took."""
    delivery = send_test(endpoint=endpoint, actor=endpoint.agent)
    Delivery.objects.filter(pk=delivery.pk).update(status="FAILED", attempts=11, last_error="answered 500")
    said = {"response_status": 500, "error": "answered 500", "request_headers": {"webhook-id": "an id"}, **attempt}
    Attempt.objects.create(delivery=delivery, number=11, started_at=timezone.now(), latency_ms=12, **said)
    return delivery


# Endpoints


def test_a_webhook_is_added_and_its_secret_shown_once(browser: Client, scribe: Agent) -> None:
    """F10: all events by default; no page shows the secret later, and no cache keeps the one that did."""
    assert "Add a webhook" in text_of(browser.get("/agents/scribe/manage/"))
    assert "No webhooks yet" in text_of(browser.get("/agents/scribe/webhooks/"))
    form = browser.get("/agents/scribe/webhooks/new/")
    assert 'value="every" checked' in re.sub(r' (required|id="[^"]*")', "", form.content.decode())

    shown = browser.post("/agents/scribe/webhooks/new/", typed(name="Main"))

    secret = secret_in(shown)
    assert "no-store" in shown["Cache-Control"]
    endpoint = scribe.webhook_endpoints.get()
    assert (endpoint.url, endpoint.name, endpoint.types) == (URL, "Main", [])
    for page in ("", "webhooks/", f"webhooks/{endpoint.pk}/", f"webhooks/{endpoint.pk}/edit/"):
        later = browser.get(f"/agents/scribe/{page}").content.decode()
        assert secret not in later
        assert "Main" in later


def test_only_chosen_events_are_sent(browser: Client, scribe: Agent, endpoint: Endpoint, address: str) -> None:
    """S16: each kind has its box, under its heading."""
    page = browser.get(f"{address}edit/")
    assert {"bid.accepted", "job.posted"} <= set(re.findall(r'name="types" value="([^"]+)"', page.content.decode()))
    assert "<legend>Jobs</legend>" in page.content.decode()

    browser.post(f"{address}edit/", typed(which="chosen", types=["bid.accepted", "job.approved"]))

    endpoint.refresh_from_db()
    assert endpoint.types == ["bid.accepted", "job.approved"]
    checked = re.findall(r'value="([^"]+)"[^>]*checked', browser.get(f"{address}edit/").content.decode())
    assert checked == ["chosen", "bid.accepted", "job.approved"]
    browser.post(f"{address}edit/", typed(which="every", types=["bid.accepted"]))
    endpoint.refresh_from_db()
    assert endpoint.types == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": "ftp://agent.example.com"}, "Must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "Must not be a private address."),
        ({"url": ""}, "This field is required."),
        ({"which": "chosen"}, "Tick at least one"),
        ({"which": "chosen", "types": ["bid.invented"]}, "bid.invented is not one of the available choices"),
        ({"secret": "hunter2"}, "Must be whsec_"),
    ],
)
def test_a_webhook_that_cannot_be_keeps_what_was_typed(
    browser: Client, scribe: Agent, changes: dict[str, Any], message: str
) -> None:
    response = browser.post("/agents/scribe/webhooks/new/", typed(name="My name", **changes))

    assert response.status_code == 400
    assert message in text_of(response)
    assert 'value="My name"' in response.content.decode()
    assert not scribe.webhook_endpoints.exists()


def test_a_webhook_is_paused_resumed_and_deleted(browser: Client, endpoint: Endpoint, address: str) -> None:
    """F10"""
    assert "Paused: 0 deliveries wait" in text_of(browser.post(f"{address}pause/", follow=True))
    assert "Events are sent again." in text_of(browser.post(f"{address}resume/", follow=True))
    assert "Delete the webhook?" in text_of(browser.get(f"{address}delete/"))
    assert Endpoint.objects.filter(pk=endpoint.pk).exists()
    assert "The webhook is deleted." in text_of(browser.post(f"{address}delete/", follow=True))
    assert not Endpoint.objects.filter(pk=endpoint.pk).exists()


def test_a_secret_is_replaced_after_being_asked(browser: Client, endpoint: Endpoint, address: str) -> None:
    """F10: the old one stays valid as long as was chosen."""
    before = Endpoint.objects.values().get()
    assert "Make a new signing secret?" in text_of(browser.get(f"{address}rotate/"))
    assert Endpoint.objects.values().get() == before

    shown = browser.post(f"{address}rotate/", {"overlap_seconds": "3600"})

    assert "no-store" in shown["Cache-Control"]
    endpoint.refresh_from_db()
    assert endpoint.previous_secret_until - timezone.now() > timedelta(minutes=59)
    page = browser.get(address)
    assert secret_in(shown) not in page.content.decode()
    assert "The previous secret signs too until" in text_of(page)
    refused = browser.post(f"{address}rotate/", {"overlap_seconds": "0", "secret": "hunter2"})
    assert (refused.status_code, "Must be whsec_" in text_of(refused)) == (400, True)


@pytest.mark.parametrize(
    ("changes", "state", "advice"),
    [
        ({}, "Active", ""),
        (
            {"failing_since": Now() - timedelta(hours=3)},
            "Failing",
            "The first one did 3 hours ago , and none has arrived since. After 5 days",
        ),
        ({"status": "PAUSED"}, "Paused", "sent when you resume"),
        (
            {"status": "DISABLED", "disabled_reason": "the receiver answered 410 Gone"},
            "Switched off",
            "the receiver answered 410 Gone. Mend the program that listens there and resume.",
        ),
    ],
)
def test_how_a_webhook_fares_and_what_to_do_is_said(
    browser: Client, endpoint: Endpoint, address: str, changes: dict[str, Any], state: str, advice: str
) -> None:
    """F10"""
    Endpoint.objects.update(**changes)
    page = text_of(browser.get(address))
    assert advice in page
    for shown in (
        page,
        text_of(browser.get("/agents/scribe/webhooks/")),
        text_of(browser.get("/agents/scribe/manage/")),
    ):
        assert state in shown


# Deliveries


def test_a_test_shows_what_came_back(browser: Client, scribe: Agent, poster: Agent, receiver: Receiver) -> None:
    """F10"""
    endpoint, _ = create_endpoint(agent=scribe, url=receiver.url, actor=poster)
    sent = browser.post(f"/agents/scribe/webhooks/{endpoint.pk}/test/")
    assert "Waiting" in text_of(browser.get(sent["Location"]))
    receiver.behaviour = answer(202, body=b"thank you")

    deliver_webhooks()

    page = text_of(browser.get(sent["Location"]))
    assert "Delivered" in page
    assert "Attempt 1: answered 202" in page
    assert "thank you" in page
    assert receiver.requests[0].body.decode() in page
    assert receiver.requests[0].headers["webhook-signature"] in page


def test_the_page_that_waits_asks_only_for_what_changed(browser: Client, endpoint: Endpoint, address: str) -> None:
    delivery = send_test(endpoint=endpoint, actor=endpoint.agent)
    page = f"{address}deliveries/{delivery.pk}/"
    htmx = {"HX-Request": "true"}
    assert 'hx-get="?known=PENDING-0"' in browser.get(page).content.decode()
    assert browser.get(f"{page}?known=PENDING-0", headers=htmx).status_code == 204
    Delivery.objects.update(status="DELIVERED", attempts=1)
    part = browser.get(f"{page}?known=PENDING-0", headers=htmx).content.decode()
    assert "<html" not in part
    assert "hx-get" not in part


def test_what_a_receiver_answers_is_text(browser: Client, endpoint: Endpoint, address: str) -> None:
    """SURVIVE S7: neither markup nor a template."""
    hostile = {"response_body": HOSTILE, "error": HOSTILE[:500], "request_headers": {"x-<b>": HOSTILE}}
    delivery = failed(endpoint, **hostile)
    Delivery.objects.update(last_error=HOSTILE)
    Endpoint.objects.update(disabled_reason=HOSTILE, status="DISABLED", name=HOSTILE[:100])
    for page in ("", f"deliveries/{delivery.pk}/", "edit/", "resend/", "delete/"):
        response = browser.get(f"{address}{page}")
        body = response.content.decode()
        assert response.status_code == 200
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert "&lt;script&gt;alert(1)" in body
    assert "{{ 7|add:7 }}" in text_of(browser.get(f"{address}deliveries/{delivery.pk}/"))


def test_the_log_is_narrowed_down_and_goes_on(browser: Client, endpoint: Endpoint, address: str) -> None:
    """S16"""
    old = failed(endpoint)
    for _ in range(20):
        send_test(endpoint=endpoint, actor=endpoint.agent)
    first = browser.get(address)
    assert f"deliveries/{old.pk}/" not in first.content.decode()
    more = re.search(r'href="(\?cursor=[^"]+)" rel="next"', first.content.decode())[1]
    assert f"deliveries/{old.pk}/" in browser.get(f"{address}{more}").content.decode()
    only = browser.get(f"{address}?status=FAILED&type=webhook.test").content.decode()
    assert re.findall(r"deliveries/(\d+)/", only) == [str(old.pk)]
    assert "No such deliveries" in text_of(browser.get(f"{address}?type=bid.accepted"))
    assert browser.get(f"{address}?status=LOST").status_code == 400


def test_one_or_all_that_failed_are_sent_again(browser: Client, endpoint: Endpoint, address: str) -> None:
    """F10"""
    one, other = failed(endpoint), failed(endpoint)
    assert "It is sent again now." in text_of(browser.post(f"{address}deliveries/{one.pk}/resend/", follow=True))
    assert list(Delivery.objects.filter(status="PENDING")) == [one]
    yesterday = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    sent = browser.post(f"{address}resend/", {"what": "failed", "since": yesterday}, follow=True)
    assert "1 delivery is sent now." in text_of(sent)
    assert set(Delivery.objects.filter(status="PENDING")) == {one, other}
    assert browser.post(f"{address}resend/", {"what": "failed", "since": "soon"}).status_code == 400


def test_what_was_missed_altogether_is_replayed(
    browser: Client, scribe: Agent, endpoint: Endpoint, address: str
) -> None:
    """F10: while it was off no deliveries were made."""
    Endpoint.objects.update(status="DISABLED")
    event = emit("test.told", actor=None, audience=[scribe], data={})
    relay_batch()
    sent = {"what": "missed", "since": f"{timezone.now() - timedelta(minutes=5):%Y-%m-%dT%H:%M}"}
    assert "resume it first" in text_of(browser.post(f"{address}resend/", sent))
    browser.post(f"{address}resume/")
    browser.post(f"{address}resend/", sent)
    assert Delivery.objects.filter(event=event, status="PENDING").exists()


# Who


@pytest.mark.parametrize(
    "path",
    [
        *("", "new/", "{pk}/", "{pk}/edit/", "{pk}/pause/", "{pk}/resume/", "{pk}/rotate/", "{pk}/delete/"),
        *("{pk}/test/", "{pk}/resend/", "{pk}/deliveries/{number}/", "{pk}/deliveries/{number}/resend/"),
    ],
)
def test_to_others_it_is_as_if_it_were_not_there(worker: Agent, endpoint: Endpoint, path: str) -> None:
    """SURVIVE S1"""
    delivery = send_test(endpoint=endpoint, actor=endpoint.agent)
    before = (Endpoint.objects.values().get(), Delivery.objects.count())
    address = f"/agents/scribe/webhooks/{path.format(pk=endpoint.pk, number=delivery.pk)}"
    for method in ("get", "post"):
        response = getattr(client_of(worker), method)(address, typed())
        assert response.status_code in {404, 405}
        assert getattr(Client(), method)(address)["Location"].startswith("/account/login/")
    assert (Endpoint.objects.values().get(), Delivery.objects.count()) == before


def test_people_have_webhooks_of_their_own(poster: Agent, browser: Client) -> None:
    """F10"""
    browser.post(f"/agents/{poster.handle}/webhooks/new/", typed())
    assert poster.webhook_endpoints.get().url == URL


def test_who_is_suspended_may_look_and_not_act(poster: Agent, browser: Client, address: str) -> None:
    Agent.objects.filter(pk=poster.pk).update(status="SUSPENDED")
    page = browser.get(address)
    assert page.status_code == 200
    assert 'method="post"' not in page.content.decode().partition("<main")[2].partition("</main")[0]
    assert browser.post(f"{address}pause/").status_code == 403


def test_lists_cost_the_same_at_any_length(browser: Client, scribe: Agent, poster: Agent) -> None:
    counts = set()
    browser.get("/agents/scribe/webhooks/")
    for number in range(3):
        create_endpoint(agent=scribe, url=f"{URL}/{number}", actor=poster)
        first = scribe.webhook_endpoints.earliest("created_at", "id")
        send_test(endpoint=first, actor=poster)
        costs = []
        for page in ("", "webhooks/", f"webhooks/{first.pk}/"):
            with CaptureQueriesContext(connection) as queries:
                browser.get(f"/agents/scribe/{page}")
            costs.append(len(queries))
        counts.add(tuple(costs))
    assert len(counts) == 1
