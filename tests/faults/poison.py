"""A task that kills whoever runs it; a worker of test_workers.py has it beside our own."""

import os
import signal

import redis
from celery import shared_task
from django.conf import settings

TAKEN = "poison taken"


@shared_task
def die() -> None:
    """Counts that it was taken, and ends the process that runs it."""
    with redis.from_url(settings.REDIS_URL) as client:
        client.incr(TAKEN)
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task
def live() -> None:
    """A task like others, to show that the queue goes on."""
    with redis.from_url(settings.REDIS_URL) as client:
        client.set("alive", 1)
