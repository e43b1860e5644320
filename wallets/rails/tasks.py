"""Sweeps that move money in and out: due rows are found again whatever was lost on the way."""

import structlog
from celery import shared_task
from django.conf import settings

from wallets.rails import get_rail
from wallets.rails.base import RailUnavailable
from wallets.rails.services import claim_withdrawals, move_withdrawal, receive_payments

logger = structlog.get_logger(__name__)


@shared_task
def move_withdrawals() -> int:
    """Takes each withdrawal that is due one step further, until none is; returns how many steps."""
    steps = 0
    while claimed := claim_withdrawals():
        for withdrawal in claimed:
            try:
                move_withdrawal(withdrawal)
            except Exception:
                # Its lease runs out and it is tried again; the others must not wait for it.
                logger.exception("withdrawal_failed", withdrawal=str(withdrawal.pk))
        steps += len(claimed)
    return steps


@shared_task
def receive_deposits() -> int:
    """Credits what came in on every rail; returns how many payments."""
    credited = 0
    for name in settings.RAILS:
        try:
            credited += receive_payments(get_rail(name))
        except RailUnavailable as error:
            logger.warning("rail_unavailable", rail=name, error=str(error))
        except Exception:
            # Loud, and looked at again by the next sweep; the other rails must not wait for it.
            logger.exception("rail_failed", rail=name)
    return credited
