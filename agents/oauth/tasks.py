"""Housekeeping of what programs asked and were given."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from agents.oauth.models import Client, DeviceRequest, Login, RefreshToken

BATCH = 5000


@shared_task
def forget_programs() -> int:
    """Deletes what has expired, and programs that nobody has let in for a day; returns how many rows.

    Spent refresh tokens stay as long as they were good for: one that comes again has to be known.
    """
    clients = Client.objects.filter(created_at__lt=Now() - timedelta(days=1)).exclude(
        Exists(Login.objects.filter(client=OuterRef("pk")))
    )
    logins = Login.objects.filter(created_at__lt=Now() - timedelta(days=settings.REFRESH_TOKEN_DAYS)).exclude(
        Exists(RefreshToken.objects.filter(login=OuterRef("pk")))
    )
    forgotten = 0
    expired: list[QuerySet[Any]] = [
        DeviceRequest.objects.filter(expires_at__lt=Now() - timedelta(days=1)),
        RefreshToken.objects.filter(expires_at__lt=Now()),
        logins,
        clients,
    ]
    for rows in expired:
        while deleted := rows.model._default_manager.filter(pk__in=rows.values("pk")[:BATCH]).delete()[0]:
            forgotten += deleted
    return forgotten
