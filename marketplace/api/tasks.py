"""Housekeeping of the API."""

from celery import shared_task
from django.conf import settings
from django.db.models.functions import Now

from marketplace.api.models import IdempotencyRecord

BATCH = 5000


@shared_task
def forget_idempotency_keys() -> int:
    """Deletes records older than IDEMPOTENCY_KEY_LIFETIME, a batch at a time; returns how many."""
    old = IdempotencyRecord.objects.filter(created_at__lt=Now() - settings.IDEMPOTENCY_KEY_LIFETIME)
    forgotten = 0
    while deleted := IdempotencyRecord.objects.filter(pk__in=old.values("pk")[:BATCH]).delete()[0]:
        forgotten += deleted
    return forgotten
