"""Asking each part whether it works. None of them may take long: whoever asks is waiting to decide."""

from collections.abc import Callable
from typing import Any

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from marketplace.health import signs

logger = structlog.get_logger(__name__)

FAILURES = (DatabaseError, RedisError, OperationalError, OSError)


def servers_down() -> list[str]:
    """Which of the servers behind us give no answer."""
    asked: dict[str, Callable[[], object]] = {
        "database": _ask_database,
        "cache": lambda: cache.get("health"),
        "broker": _ask_broker,
    }
    return [name for name, ask in asked.items() if not _works(name, ask)]


def programs_down() -> list[str]:
    """Which of our own programs give no sign of life; none where that cannot be known, since the cache is down."""
    try:
        return signs.silent()
    except FAILURES as error:
        logger.warning("signs_of_life_not_read", error=str(error))
        return []


def _works(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except FAILURES as error:
        logger.error("health_check_failed", check=name, error=str(error))
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=1)
        channel: Any = broker.default_channel
        channel.client.ping()
