"""What keeps workers going: messages that kill whoever takes them, and workers that take none (SURVIVE C4, C5)."""

import os
import threading
import time
from typing import Any

import celery
import redis
import structlog
from celery.exceptions import Ignore
from celery.signals import task_received, worker_ready
from celery.worker import state
from django.conf import settings
from django.core.cache import cache

from marketplace.supervisor import STALE

logger = structlog.get_logger(__name__)

MOST_RUNS = 3
SECONDS_A_RUN_IS_REMEMBERED = 3600
_last_received = time.monotonic()


class Task(celery.Task):
    """A task whose message is put aside when its workers died of it three times; the next sweep does without it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (self.request.delivery_info or {}).get("redelivered") and self._runs() > MOST_RUNS:
            logger.error("task_parked", task=self.name, message=self.request.id, runs=MOST_RUNS)
            raise Ignore
        return super().__call__(*args, **kwargs)

    def _runs(self) -> int:
        """How often the message was taken, this time included; the first time was not counted."""
        key = f"runs:{self.request.id}"
        cache.add(key, 1, timeout=SECONDS_A_RUN_IS_REMEMBERED)
        return cache.incr(key)


@task_received.connect
def note_that_something_came(**_: object) -> None:
    global _last_received
    _last_received = time.monotonic()


@worker_ready.connect
def watch(sender: Any, **_: object) -> None:
    """Beside a worker's main loop, a thread that ends the worker when messages wait and it takes none."""
    note_that_something_came()
    queues = [queue.name for queue in sender.task_consumer.queues]
    threading.Thread(target=_watch, args=[queues], daemon=True).start()


def _watch(queues: list[str]) -> None:
    while True:
        time.sleep(settings.WORKER_STALE_SECONDS / 4)
        silent = time.monotonic() - _last_received
        if silent > settings.WORKER_STALE_SECONDS and not state.reserved_requests and _messages_wait(queues):
            logger.error("worker_takes_nothing", queues=queues, seconds=round(silent))
            os._exit(STALE)


def _messages_wait(queues: list[str]) -> bool:
    """Whether the broker has messages for us. A broker that does not answer is not our standstill."""
    try:
        with redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
            return any(broker.llen(queue) for queue in queues)
    except redis.RedisError as error:
        logger.warning("broker_not_asked", error=str(error))
        return False
