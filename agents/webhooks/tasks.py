"""The deliveries, woken by the relay and swept by beat; safe to run twice and at once."""

from celery import shared_task

from agents.webhooks import services

MOST_ROUNDS = 20


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
