"""What operators see of webhooks, and what they may do to them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from agents.webhooks import operators
from agents.webhooks.models import Attempt, Delivery, Endpoint
from agents.webhooks.services import (
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    send_test,
    set_endpoint,
    update_endpoint,
)
from marketplace.errors import NotAllowed
from marketplace.events.models import Event
from tests import factories
from tests.pages import client_of, text_of

URL = "https://agent.example.com/hooks"
ENDPOINTS, DELIVERIES = "/admin/webhooks/endpoint/", "/admin/webhooks/delivery/"
REASON = "It floods its neighbours."


@pytest.fixture
def operator(db: None) -> Client:
    return client_of(factories.make_person("Olga", is_staff=True, is_superuser=True))


@pytest.fixture
def endpoint(worker: Agent) -> Endpoint:
    return create_endpoint(agent=worker, url=URL, actor=worker, name="Main")[0]


@pytest.fixture
def given_up(endpoint: Endpoint) -> Delivery:
    delivery = send_test(endpoint=endpoint, actor=endpoint.agent)
    Delivery.objects.filter(pk=delivery.pk).update(status="FAILED", attempts=11)
    return delivery


def act(client: Client, path: str, action: str, row: Any, **typed: str) -> Any:
    return client.post(path, {"action": action, "_selected_action": [str(row.pk)], **typed}, follow=True)


@pytest.mark.parametrize(
    ("action", "status", "event"),
    [("pause", "PAUSED", "webhook.paused"), ("disable", "DISABLED", "webhook.disabled")],
)
def test_an_operator_stops_an_endpoint_and_the_owner_reads_why(
    operator: Client, endpoint: Endpoint, action: str, status: str, event: str
) -> None:
    """F10: it is an event, told to the agent, with the reason."""
    assert "Done for 1 endpoints." in text_of(act(operator, ENDPOINTS, action, endpoint, reason=REASON))
    endpoint.refresh_from_db()
    assert endpoint.status == status
    told = Event.objects.latest("id")
    assert (told.type, told.data["reason"], told.audience) == (event, REASON, [endpoint.agent_id])
    assert told.actor.name == "Olga"
    act(operator, ENDPOINTS, "resume", endpoint, reason="It was a mistake.")
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_reason) == ("ACTIVE", "")
    assert Event.objects.latest("id").type == "webhook.resumed"


def test_an_operators_resume_forgets_the_failures(operator: Client, endpoint: Endpoint) -> None:
    """Or the next failure would disable it at once."""
    long_ago = Now() - timedelta(days=6)
    Endpoint.objects.update(status="DISABLED", failing_since=long_ago, warned_at=long_ago)
    act(operator, ENDPOINTS, "resume", endpoint, reason="It is mended.")
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since, endpoint.warned_at) == ("ACTIVE", None, None)


def test_what_an_operator_disabled_only_an_operator_resumes(
    operator: Client, endpoint: Endpoint, worker: Agent
) -> None:
    act(operator, ENDPOINTS, "disable", endpoint, reason="It floods others.")
    refusal = "An operator disabled this endpoint: It floods others; write to support."
    with pytest.raises(NotAllowed, match=refusal):
        resume_endpoint(endpoint=endpoint, actor=worker)
    for enabled in (True, False):
        with pytest.raises(NotAllowed, match=refusal):
            set_endpoint(agent=worker, url=URL, actor=worker, enabled=enabled)
    # Nor is there a way round: the place cannot be left and taken anew.
    with pytest.raises(NotAllowed, match=refusal):
        delete_endpoint(endpoint=endpoint, actor=worker)
    with pytest.raises(NotAllowed, match=refusal):
        update_endpoint(endpoint=endpoint, actor=worker, url=f"{URL}/elsewhere")
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_reason) == ("DISABLED", "It floods others.")
    act(operator, ENDPOINTS, "resume", endpoint, reason="It no longer does.")
    pause_endpoint(endpoint=endpoint, actor=worker)
    assert resume_endpoint(endpoint=endpoint, actor=worker).status == "ACTIVE"


def test_nothing_is_stopped_without_a_reason(operator: Client, endpoint: Endpoint) -> None:
    before = Event.objects.count()
    assert "Say why; the owner reads it." in text_of(act(operator, ENDPOINTS, "disable", endpoint, reason=" "))
    endpoint.refresh_from_db()
    assert (endpoint.status, Event.objects.count()) == ("ACTIVE", before)


def test_who_may_only_look_stops_nothing(worker: Agent, endpoint: Endpoint) -> None:
    looker = factories.make_person("Lena", is_staff=True)
    looker.user.user_permissions.add(Permission.objects.get(codename="view_endpoint"))
    client = client_of(looker)
    assert 'value="disable"' not in client.get(ENDPOINTS).content.decode()
    act(client, ENDPOINTS, "disable", endpoint, reason=REASON)
    endpoint.refresh_from_db()
    assert endpoint.status == "ACTIVE"
    with pytest.raises(NotAllowed):
        operators.set_status(endpoint=endpoint, status=Endpoint.Status.PAUSED, reason=REASON, actor=worker)


@pytest.mark.parametrize("path", [ENDPOINTS, DELIVERIES])
def test_what_was_given_up_is_sent_again(operator: Client, endpoint: Endpoint, given_up: Delivery, path: str) -> None:
    action, row = ("resend_failed", endpoint) if path == ENDPOINTS else ("resend", given_up)
    arrived = send_test(endpoint=endpoint, actor=endpoint.agent)
    Delivery.objects.filter(pk=arrived.pk).update(status="DELIVERED", delivered_at=Now())
    assert "1 delivery is sent now." in text_of(act(operator, path, action, row))
    assert list(Delivery.objects.filter(status="PENDING")) == [given_up]


def test_nothing_is_sent_again_to_an_endpoint_that_is_off(
    operator: Client, endpoint: Endpoint, given_up: Delivery
) -> None:
    Endpoint.objects.update(status="DISABLED")
    assert "0 deliveries are sent now." in text_of(act(operator, DELIVERIES, "resend", given_up))


def test_endpoints_are_found_by_how_they_fare(operator: Client, worker: Agent, endpoint: Endpoint) -> None:
    failing, _ = create_endpoint(agent=worker, url=f"{URL}/2", actor=worker)
    Endpoint.objects.filter(pk=failing.pk).update(failing_since=Now(), status="PAUSED")
    for query, found in {
        "failing=yes": [failing],
        "failing=no": [endpoint],
        "status__exact=PAUSED": [failing],
        "q=Main": [endpoint],
        f"q={worker.handle}": [failing, endpoint],
    }.items():
        listed = operator.get(f"{ENDPOINTS}?{query}").context["cl"].queryset
        assert (query, set(listed)) == (query, set(found))


def test_secrets_are_on_no_page_and_answers_are_text(operator: Client, endpoint: Endpoint, given_up: Delivery) -> None:
    """SURVIVE S2, S7"""
    hostile = "</td><script>alert(1)</script>"
    attempt = Attempt.objects.create(
        delivery=given_up, number=11, started_at=timezone.now(), latency_ms=1, response_body=hostile, error=hostile
    )
    Delivery.objects.update(last_error=hostile)
    secret = bytes(Endpoint.objects.get().encrypted_secret).decode()
    for path in (
        *(ENDPOINTS, f"{ENDPOINTS}{endpoint.pk}/change/", DELIVERIES, f"{DELIVERIES}{given_up.pk}/change/"),
        *("/admin/webhooks/attempt/", f"/admin/webhooks/attempt/{attempt.pk}/change/"),
    ):
        body = operator.get(path).content.decode()
        assert "<script>alert" not in body
        assert "whsec_" not in body
        assert secret not in body
    assert (
        f"{DELIVERIES}?endpoint__id__exact={endpoint.pk}"
        in operator.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    )
    its = operator.get(f"{DELIVERIES}?endpoint__id__exact={endpoint.pk}")
    assert list(its.context["cl"].queryset) == [given_up]


def test_rows_are_for_reading(operator: Client, endpoint: Endpoint, given_up: Delivery) -> None:
    for path, row in ((ENDPOINTS, endpoint), (DELIVERIES, given_up)):
        assert "_save" not in operator.get(f"{path}{row.pk}/change/").content.decode()
        assert operator.post(f"{path}{row.pk}/change/", {"url": "https://evil.example"}).status_code == 403
        assert operator.post(f"{path}add/").status_code == 403
        assert operator.post(f"{path}{row.pk}/delete/").status_code == 403
