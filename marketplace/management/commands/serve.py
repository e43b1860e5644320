"""The whole site on one port: `manage.py serve --port 8000`."""

import sys
from itertools import count
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from marketplace import embedded
from marketplace.supervisor import Supervisor, port_is_free, site_programs, site_url


class Command(BaseCommand):
    help = "Run the web server, event streams, Celery workers and Celery beat together until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--stream-port", type=int, help="of event streams; the next free one unless given")
        parser.add_argument("--workers", type=int, default=2, help="web processes")
        parser.add_argument("--reload", action="store_true", help="start each process anew when the code changes")

    def handle(
        self, *, host: str, port: int, stream_port: int | None, workers: int, reload: bool, **options: Any
    ) -> None:
        if not port_is_free(host, port):
            raise CommandError(f"Port {port} is taken. Use another one: make serve PORT={free_port(host, port + 1)}")
        if stream_port is not None and not port_is_free(host, stream_port):
            raise CommandError(f"Port {stream_port} is taken. Leave out --stream-port to have a free one.")
        stream_port = stream_port or free_port(host, port + 1)
        with embedded.running(say=self.say):
            if settings.LOCAL:
                self.prepare()
            self.say(f"Serving {site_url(host, port)} (Ctrl-C stops it).")
            self.say(f"Event streams are on port {stream_port}; GET /v1/events/stream leads there.")
            programs = site_programs(host=host, port=port, stream_port=stream_port, workers=workers, reload=reload)
            code = Supervisor(programs).run()
        sys.exit(code)

    def prepare(self) -> None:
        """What a deployment does by itself: the newest tables and, unless they are served from source, static files."""
        self.say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        connections.close_all()
        if not settings.DEBUG:
            call_command("collectstatic", verbosity=0, interactive=False)

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def free_port(host: str, start: int) -> int:
    """The first that nobody has, from that one on."""
    return next(port for port in count(start) if port_is_free(host, port))
