"""Endpoints: made, changed, paused and removed by their agent or its owner; and what is sent there again."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from agents.models import Agent
from agents.rules import require_control
from agents.webhooks import egress, signing
from agents.webhooks.models import Attempt, Delivery, Endpoint
from marketplace.encryption import decrypt, encrypt
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.events import types as event_types
from marketplace.events.models import Event

TASK = "agents.webhooks.tasks.deliver_webhooks"
A_DAY = 86_400
# Deliveries that are deleted in one transaction.
DELETED_AT_ONCE = 5_000


@transaction.atomic
def create_endpoint(
    *, agent: Agent, url: str, actor: Agent, name: str = "", types: Iterable[str] = (), secret: str = ""
) -> tuple[Endpoint, str]:
    """One more place where the agent is told what happens; returns the secret that signs what is sent there.

    No types: every event. Raises Invalid naming `url`, `types` or `secret`, and MarketError when there are enough.
    """
    require_control(actor, agent)
    _lock(agent)
    if agent.webhook_endpoints.count() >= settings.MOST_WEBHOOK_ENDPOINTS:
        raise MarketError(f"An agent has at most {settings.MOST_WEBHOOK_ENDPOINTS} endpoints; delete one first.")
    secret = signing.check_secret(secret, "secret") if secret else signing.new_secret()
    endpoint = Endpoint(agent=agent, name=name, types=_checked_types(types), encrypted_secret=encrypt(secret.encode()))
    _point(endpoint, url, "url")
    endpoint.save()
    _tell("webhook.set", endpoint, actor)
    return endpoint, secret


@transaction.atomic
def set_endpoint(
    *, agent: Agent, url: str, actor: Agent, secret: str = "", enabled: bool = True
) -> tuple[Endpoint, str]:
    """Sends the agent's webhooks to `url`: its first endpoint, or the one that leads there already.

    The secret is made with the first URL and stays when the URL changes. Raises Invalid naming `webhookUrl`, and
    NotAllowed when an operator disabled the endpoint.
    """
    require_control(actor, agent)
    _lock(agent)
    its = agent.webhook_endpoints.select_for_update(no_key=True).order_by("created_at", "id")
    endpoint = its.filter(url=url).first() or its.first() or Endpoint(agent=agent)
    _require_not_stopped(endpoint)
    secret = secret or _kept_secret(endpoint) or signing.new_secret()
    _point(endpoint, url, "webhookUrl")
    endpoint.status = Endpoint.Status.ACTIVE if enabled else Endpoint.Status.DISABLED
    endpoint.disabled_reason = ""
    endpoint.encrypted_secret = encrypt(secret.encode())
    endpoint.save()
    _tell("webhook.set", endpoint, actor)
    return endpoint, secret


@transaction.atomic
def update_endpoint(*, endpoint: Endpoint, actor: Agent, **changes: Any) -> Endpoint:
    """Changes of `url`, `name` and `types`; what waits goes to the new address. Raises Invalid naming the field.

    Raises NotAllowed for another `url` when an operator disabled the endpoint.
    """
    require_control(actor, endpoint.agent)
    endpoint = locked(endpoint)
    if changes.get("url", endpoint.url) != endpoint.url:
        _require_not_stopped(endpoint)
        _point(endpoint, changes["url"], "url")
    endpoint.name = changes.get("name", endpoint.name)
    endpoint.types = _checked_types(changes.get("types", endpoint.types))
    endpoint.save()
    _tell("webhook.set", endpoint, actor)
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, actor: Agent, secret: str = "", overlap_seconds: int = A_DAY) -> str:
    """A new signing secret, yours or made; for that many seconds the old one signs as well, so that nothing is lost."""
    require_control(actor, endpoint.agent)
    secret = signing.check_secret(secret, "secret") if secret else signing.new_secret()
    endpoint = locked(endpoint)
    keeps = overlap_seconds > 0 and bool(_kept_secret(endpoint))
    endpoint.encrypted_previous_secret = endpoint.encrypted_secret if keeps else b""
    endpoint.previous_secret_until = Now() + timedelta(seconds=overlap_seconds) if keeps else None
    endpoint.encrypted_secret = encrypt(secret.encode())
    endpoint.save()
    _tell("webhook.secret_rotated", endpoint, actor)
    return secret


@transaction.atomic
def pause_endpoint(*, endpoint: Endpoint, actor: Agent) -> Endpoint:
    """Nothing is sent there for now; what happens meanwhile waits. One that is disabled stays so."""
    require_control(actor, endpoint.agent)
    endpoint = locked(endpoint)
    if endpoint.status == Endpoint.Status.ACTIVE:
        endpoint.status = Endpoint.Status.PAUSED
        endpoint.save()
        _tell("webhook.paused", endpoint, actor)
    return endpoint


@transaction.atomic
def resume_endpoint(*, endpoint: Endpoint, actor: Agent) -> Endpoint:
    """Sends what waits and what comes; a disabled endpoint begins anew, with its failures forgotten.

    Raises NotAllowed when an operator disabled it.
    """
    require_control(actor, endpoint.agent)
    endpoint = locked(endpoint)
    _require_not_stopped(endpoint)
    if endpoint.status != Endpoint.Status.ACTIVE:
        # What was allowed when it was registered may be refused today.
        _point(endpoint, endpoint.url, "url")
        endpoint.status, endpoint.disabled_reason = Endpoint.Status.ACTIVE, ""
        endpoint.save()
        _tell("webhook.resumed", endpoint, actor)
        wake()
    return endpoint


def delete_endpoint(*, endpoint: Endpoint, actor: Agent) -> None:
    """The endpoint, what waits for it and its log are gone.

    Not one transaction: the relay would wait for the end of a long log. Interrupted, it leaves an endpoint that is
    disabled and can be deleted again. Raises NotAllowed when an operator disabled it.
    """
    require_control(actor, endpoint.agent)
    with transaction.atomic():
        endpoint = locked(endpoint)
        _require_not_stopped(endpoint)
        disable(endpoint, "it is being deleted")
        _tell("webhook.removed", endpoint, actor)
    while some := list(endpoint.deliveries.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        _delete_deliveries(some)
    with transaction.atomic():
        # With what a relay made for it that had begun before it was disabled.
        for last in Endpoint.objects.select_for_update().filter(pk=endpoint.pk):
            last.delete()


@transaction.atomic
def _delete_deliveries(ids: Sequence[int]) -> None:
    # Locked first, so that no worker notes an attempt between the two deletions.
    list(Delivery.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    for rows in (Attempt.objects.filter(delivery__in=ids), Delivery.objects.filter(pk__in=ids)):
        rows._raw_delete(rows.db)


@transaction.atomic
def remove_endpoints(*, agent: Agent, actor: Agent) -> None:
    """The agent hears nothing more by webhook. Its endpoints keep their secrets, should it set one again."""
    require_control(actor, agent)
    _lock(agent)
    for endpoint in agent.webhook_endpoints.exclude(status=Endpoint.Status.DISABLED):
        disable(locked(endpoint), "removed")
        _tell("webhook.removed", endpoint, actor)


def disable(endpoint: Endpoint, reason: str) -> None:
    """No more deliveries are made for it, and those that wait are given up; the caller holds its lock.

    What is in flight may still arrive, and then it has.
    """
    endpoint.status, endpoint.disabled_reason = Endpoint.Status.DISABLED, reason
    endpoint.save()
    waiting = Q(leased_until=None) | Q(leased_until__lte=Now())
    Delivery.objects.filter(waiting, endpoint=endpoint, status=Delivery.Status.PENDING).update(
        status=Delivery.Status.FAILED, leased_until=None, last_error="the endpoint is disabled"
    )


@transaction.atomic
def send_test(*, endpoint: Endpoint, actor: Agent) -> Delivery:
    """A `webhook.test` for this endpoint alone, whatever types it asked for."""
    require_control(actor, endpoint.agent)
    endpoint = locked(endpoint)
    if endpoint.status != Endpoint.Status.ACTIVE:
        raise MarketError(f"The endpoint is {endpoint.get_status_display().lower()}; resume it first.")
    event = _tell("webhook.test", endpoint, actor, audience=[endpoint.agent])
    # There is nobody else to tell: the relay would give it to every endpoint of the agent.
    Event.objects.filter(pk=event.pk).update(relayed_at=Now())
    delivery = Delivery.objects.create(endpoint=endpoint, event=event)
    wake()
    return delivery


@transaction.atomic
def resend(*, delivery: Delivery, actor: Agent) -> Delivery:
    """The same event to the same endpoint again, with the same id and bytes, from the first attempt on."""
    require_control(actor, delivery.endpoint.agent)
    _require_enabled(locked(delivery.endpoint))
    begin_again(delivery.endpoint.deliveries.filter(pk=delivery.pk))
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def resend_failed(*, endpoint: Endpoint, actor: Agent, since: datetime) -> int:
    """All deliveries again that were made since then and given up; returns how many."""
    require_control(actor, endpoint.agent)
    _require_enabled(locked(endpoint))
    return begin_again(endpoint.deliveries.filter(status=Delivery.Status.FAILED, created_at__gte=since))


@transaction.atomic
def replay(*, endpoint: Endpoint, actor: Agent, since: datetime, until: datetime | None = None) -> int:
    """Events of its types that the agent was told of in that time and this endpoint never was; returns how many."""
    require_control(actor, endpoint.agent)
    _require_enabled(locked(endpoint))
    with connection.cursor() as cursor:
        cursor.execute(REPLAY, {"endpoint": endpoint.pk, "since": since, "until": until})
        missed: int = cursor.rowcount
    wake()
    return missed


REPLAY = """
    INSERT INTO webhooks_delivery (endpoint_id, event_id, status, attempts, last_error)
    SELECT endpoint.id, event.id, 'PENDING', 0, ''
      FROM webhooks_endpoint endpoint
      JOIN inbox_notification notification ON notification.agent_id = endpoint.agent_id
      JOIN events_event event ON event.id = notification.event_id
     WHERE endpoint.id = %(endpoint)s AND event.created_at >= %(since)s
       AND event.created_at < coalesce(%(until)s::timestamptz, 'infinity')
       AND (endpoint.types = '{}' OR event.type = ANY (endpoint.types))
     ORDER BY event.id
    ON CONFLICT DO NOTHING
"""


def fan_out(event_ids: Sequence[int]) -> int:
    """The deliveries of these events, one for each endpoint that wants one; returns how many. Reads the outbox."""
    with connection.cursor() as cursor:
        cursor.execute(FAN_OUT, [list(event_ids)])
        return cursor.rowcount


# The lock waits for an endpoint that is being deleted, and then leaves it out; without it the whole batch would fail.
FAN_OUT = """
    INSERT INTO webhooks_delivery (endpoint_id, event_id, status, attempts, last_error)
    SELECT endpoint.id, event.id, 'PENDING', 0, ''
      FROM events_event event
      JOIN webhooks_endpoint endpoint ON endpoint.agent_id = ANY (event.audience)
     WHERE event.id = ANY (%s) AND endpoint.status <> 'DISABLED'
       AND (endpoint.types = '{}' OR event.type = ANY (endpoint.types))
     ORDER BY event.id
       FOR KEY SHARE OF endpoint
    ON CONFLICT DO NOTHING
"""


def _lock(agent: Agent) -> None:
    """Until the transaction ends nobody else adds an endpoint to it."""
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)


def locked(endpoint: Endpoint) -> Endpoint:
    """The endpoint as it is now, ours until the transaction ends; deliveries of it are still made."""
    rows = Endpoint.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("agent").get(pk=endpoint.pk)


def _point(endpoint: Endpoint, url: str, field: str) -> None:
    """Where the endpoint leads from now on; how the old address failed is forgotten."""
    egress.check_url(url, field)
    if endpoint.agent.webhook_endpoints.filter(url=url).exclude(pk=endpoint.pk).exists():
        raise Invalid.field(field, "Another endpoint of this agent has that address.")
    endpoint.url, endpoint.failing_since, endpoint.warned_at = url, None, None


def _checked_types(types: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(types))
    if unknown := set(wanted) - set(event_types.names()):
        raise Invalid.field("types", f"There are no events of type {', '.join(sorted(unknown))}.")
    return wanted


def _require_not_stopped(endpoint: Endpoint) -> None:
    """What an operator switched off only an operator switches on; deleting or moving it would be a way round that."""
    if endpoint.disabled_by_operator:
        raise NotAllowed(
            f"An operator disabled this endpoint: {endpoint.disabled_reason.rstrip('.')}; write to support."
        )


def _kept_secret(endpoint: Endpoint) -> str:
    """The endpoint's secret; none if it is new, or if the key that encrypted it is gone."""
    try:
        return decrypt(bytes(endpoint.encrypted_secret)).decode() if endpoint.encrypted_secret else ""
    except InvalidToken:
        return ""


def _require_enabled(endpoint: Endpoint) -> None:
    if endpoint.status == Endpoint.Status.DISABLED:
        raise MarketError("The endpoint is disabled; resume it first.")


def begin_again(deliveries: Any) -> int:
    """From the first attempt on. One that a worker is at this moment stays that worker's, and where it is in line."""
    due_at = Case(When(leased_until__gt=Now(), then=F("next_attempt_at")), default=Now())
    begun: int = deliveries.update(
        status=Delivery.Status.PENDING, attempts=0, next_attempt_at=due_at, delivered_at=None, last_error=""
    )
    wake()
    return begun


def wake() -> None:
    transaction.on_commit(partial(events.wake, TASK))


def _tell(type: str, endpoint: Endpoint, actor: Agent | None, audience: Iterable[Agent] = ()) -> Event:
    """An event about the endpoint. Its URL is not in it: some keep a secret there."""
    data = {"agentId": endpoint.agent.handle, "endpointId": str(endpoint.pk), "name": endpoint.name}
    return events.emit(type, actor=actor, audience=audience, data=data)
