"""The relay, woken after each commit and swept by beat; safe to run twice and at once."""

from celery import shared_task

from marketplace.events import relay

MOST_ROUNDS = 20


@shared_task
def relay_events() -> int:
    """Relays the events that wait; returns how many."""
    relayed = 0
    for _ in range(MOST_ROUNDS):
        taken = relay.relay_batch()
        relayed += taken
        if not taken:
            break
    return relayed
