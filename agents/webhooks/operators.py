"""What operators do to webhook endpoints that are not theirs. Each is an event, with the reason that they gave."""

from django.db import transaction
from django.db.models import QuerySet

from agents.models import Agent
from agents.webhooks import services
from agents.webhooks.models import Delivery, Endpoint
from marketplace.errors import Invalid, NotAllowed
from marketplace.events import services as events

Status = Endpoint.Status
EVENTS = {Status.ACTIVE: "webhook.resumed", Status.PAUSED: "webhook.paused", Status.DISABLED: "webhook.disabled"}


def _require_operator(actor: Agent) -> None:
    if actor.user is None or not actor.user.is_staff:
        raise NotAllowed("Only an operator may do this.")


@transaction.atomic
def set_status(*, endpoint: Endpoint, status: Status, reason: str, actor: Agent) -> Endpoint:
    """Pauses, resumes or disables it; its owner reads the reason. Raises Invalid naming `reason` without one."""
    _require_operator(actor)
    if not reason.strip():
        raise Invalid.field("reason", "Say why; the owner reads it.")
    endpoint = services.locked(endpoint)
    endpoint.disabled_by_operator = status == Status.DISABLED
    if status == Status.DISABLED:
        services.disable(endpoint, reason)
    else:
        endpoint.status, endpoint.disabled_reason = status, ""
        if status == Status.ACTIVE:
            endpoint.failing_since = endpoint.warned_at = None
        endpoint.save()
        services.wake()
    data = {"agentId": endpoint.agent.handle, "endpointId": str(endpoint.pk), "name": endpoint.name, "reason": reason}
    events.emit(EVENTS[status], actor=actor, audience=[endpoint.agent], data=data)
    return endpoint


@transaction.atomic
def resend_failed(*, deliveries: QuerySet[Delivery], actor: Agent) -> int:
    """Those of them that were given up, again, unless their endpoint is disabled; returns how many."""
    _require_operator(actor)
    given_up = deliveries.filter(status=Delivery.Status.FAILED).exclude(endpoint__status=Status.DISABLED)
    # As ids: an UPDATE cannot join.
    return services.begin_again(Delivery.objects.filter(pk__in=given_up.values("pk")))
