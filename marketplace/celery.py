"""The Celery application: `celery -A marketplace worker`."""

import gc
import os
import signal

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
app = Celery("marketplace", task_cls="marketplace.workers:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Every installed app, those in folders of others included.
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has set logging up already; with a receiver here Celery leaves it alone."""


@worker_process_init.connect
def finish_the_task_first(**_: object) -> None:
    """A terminal or a supervisor signals the whole group; only the worker's main process decides to stop.

    It waits for the tasks under way and then ends its children, with SIGKILL where a task has overrun its limit.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@worker_process_init.connect
@worker_ready.connect
def spare_what_is_loaded(**_: object) -> None:
    """The garbage collector need not look through all of Django again and again: a sixth of a delivery's time."""
    gc.collect()
    gc.freeze()
