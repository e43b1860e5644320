"""The relay and the deliveries, woken after each commit and swept by beat; both are safe to run twice and at once."""

from celery import shared_task

from agents.webhooks import services
from marketplace.events.services import wake

MOST_ROUNDS = 20


@shared_task
def relay_events() -> int:
    """Relays the events that wait; returns how many."""
    relayed = 0
    for _ in range(MOST_ROUNDS):
        taken = services.relay_batch()
        relayed += taken
        if taken < services.RELAY_BATCH:
            break
    if relayed:
        wake("agents.webhooks.tasks.deliver_webhooks")
    return relayed


@shared_task
def deliver_webhooks() -> int:
    """Attempts the deliveries that are due; returns how many."""
    attempted = 0
    for _ in range(MOST_ROUNDS):
        claims = services.claim_due()
        if not claims:
            break
        services.deliver(claims)
        attempted += len(claims)
    return attempted
