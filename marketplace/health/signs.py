"""Signs of life of the programs that nobody can call: they leave one in Valkey every few seconds.

A worker's comes from its main loop, which is what stops when it hangs; beat's from the work that it hands out. Each
goes by itself, so that it is plain which of them is silent.
"""

import time
from typing import Any

import structlog
from celery.signals import after_task_publish, beat_init, heartbeat_sent, worker_ready
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

BEAT = "beat"
# Each of these queues needs a worker that takes from it.
QUEUES = {"worker": "celery", "webhooks": "webhooks"}
SECONDS_BETWEEN_SIGNS = 2.0
_left_at: dict[str, float] = {}


def connect() -> None:
    """Called once in every process; the signals are sent in those that they are about."""
    worker_ready.connect(_worker_lives)
    heartbeat_sent.connect(_worker_lives)
    beat_init.connect(_watch_beat)


def silent() -> list[str]:
    """Which programs have left no sign for ALIVE_SECONDS. Raises RedisError when nobody can know."""
    programs = [BEAT, *QUEUES]
    seen = cache.get_many([_key(program) for program in programs])
    return [program for program in programs if _key(program) not in seen]


def _worker_lives(sender: Any, **_: object) -> None:
    """`sender` is the consumer when the worker is ready, and after that what sends its heartbeats."""
    queues = _queues_of(sender)
    for program, queue in QUEUES.items():
        if queue in queues:
            leave_sign(program)


_queues: set[str] = set()


def _queues_of(sender: Any) -> set[str]:
    """The queues that this process takes from: known since it was ready, and the same ever after."""
    if consumer := getattr(sender, "task_consumer", None):
        _queues.update(queue.name for queue in consumer.queues)
    return _queues


def _watch_beat(**_: object) -> None:
    """In beat's process everything that is published is beat's work."""
    leave_sign(BEAT)
    after_task_publish.connect(_beat_lives)


def _beat_lives(**_: object) -> None:
    leave_sign(BEAT)


def leave_sign(program: str) -> None:
    """Says that the program lives, at most every other second."""
    now = time.monotonic()
    if now - _left_at.get(program, 0.0) < SECONDS_BETWEEN_SIGNS:
        return
    try:
        cache.set(_key(program), 1, timeout=settings.ALIVE_SECONDS)
        _left_at[program] = now
    except (RedisError, OSError) as error:
        logger.warning("sign_of_life_not_left", program=program, error=str(error))


def _key(program: str) -> str:
    return f"alive:{program}"
