"""How an endpoint fares, and what its owner is told of it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from agents.models import Agent
from agents.webhooks.attempts import Outcome
from agents.webhooks.models import Endpoint
from agents.webhooks.schedule import WAITS
from agents.webhooks.services import disable
from marketplace.events import services as events

GONE = 410
# After that many attempts of one delivery, when nothing else arrived meanwhile either, the owner is told.
ATTEMPTS_BEFORE_WARNING = 4
FAILING_BEFORE_WARNING = sum(WAITS[: ATTEMPTS_BEFORE_WARNING - 1], timedelta())
FAILING_BEFORE_DISABLED = timedelta(hours=120)


def changing_endpoints(outcomes: Sequence[Outcome]) -> dict[UUID, Endpoint]:
    """Endpoints whose health these outcomes may change, locked in the order of their ids before any delivery is."""
    failed = {outcome.claim.endpoint_id for outcome in outcomes if not outcome.answer.accepted}
    recovered = {outcome.claim.endpoint_id for outcome in outcomes if outcome.answer.accepted and outcome.claim.failing}
    if not failed | recovered:
        return {}
    locked = Endpoint.objects.select_for_update(of=("self",), no_key=True).select_related("agent").order_by("pk")
    return {endpoint.pk: endpoint for endpoint in locked.filter(pk__in=failed | recovered)}


def note_health(endpoint: Endpoint, outcomes: Sequence[Outcome]) -> None:
    """One success and all is well; nothing but failures for long, and the owner is told, and in the end it is off."""
    now = timezone.now()
    before = endpoint.failing_since, endpoint.warned_at
    warns = False
    for outcome in outcomes:
        if outcome.answer.accepted:
            endpoint.failing_since = endpoint.warned_at = None
        else:
            endpoint.failing_since = endpoint.failing_since or now
            warns |= outcome.claim.attempts + 1 >= ATTEMPTS_BEFORE_WARNING
    if endpoint.status == Endpoint.Status.DISABLED:
        return
    if any(outcome.answer.status == GONE for outcome in outcomes):
        disable(endpoint, "the receiver answered 410 Gone")
        _tell_owner("webhook.disabled", endpoint)
    elif endpoint.failing_since is not None:
        failing_for = now - endpoint.failing_since
        if endpoint.warned_at is not None and failing_for >= FAILING_BEFORE_DISABLED:
            disable(endpoint, "nothing arrived for 5 days")
            _tell_owner("webhook.disabled", endpoint)
        elif warns and endpoint.warned_at is None and failing_for >= FAILING_BEFORE_WARNING:
            endpoint.warned_at = now
            _tell_owner("webhook.failing", endpoint)
    if before != (endpoint.failing_since, endpoint.warned_at):
        endpoint.save(update_fields=["failing_since", "warned_at"])


def _tell_owner(type: str, endpoint: Endpoint) -> None:
    """The agent's inbox, which its other endpoints hear of too, and the person who owns it, who has e-mail."""
    agent = endpoint.agent
    owner = Agent.objects.filter(user=agent.owner_id).first() if agent.owner_id else None
    data = {"agentId": agent.handle, "endpointId": str(endpoint.pk), "name": endpoint.name}
    if endpoint.disabled_reason:
        data["reason"] = endpoint.disabled_reason
    events.emit(type, actor=None, audience=[agent, owner], data=data)
