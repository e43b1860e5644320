"""The clock of the proof, swept by beat; both are safe to run twice and at once."""

from celery import shared_task

from wallets.audit import services
from wallets.audit.seals import seal_transfers

# Of books that were never sealed or are large; seconds.
TIME_LIMIT = 4 * 3600


@shared_task(time_limit=TIME_LIMIT)
def seal() -> int | None:
    """Seals what moved; returns the number of the new seal, if there is one."""
    made = seal_transfers()
    return made.number if made else None


@shared_task(time_limit=TIME_LIMIT)
def reconcile() -> bool | None:
    """Audits the books if that is due; returns whether they are sound."""
    audit = services.audit_if_due()
    return audit.sound if audit else None
