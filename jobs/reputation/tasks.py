from celery import shared_task

from jobs.reputation.services import compute_batch


@shared_task
def compute_reputation() -> int:
    """Computes the reputation of all who have news, in batches; returns how much news there was."""
    done = 0
    while taken := compute_batch():
        done += taken
    return done
