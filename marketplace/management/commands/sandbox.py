import json
from typing import Any

from django.core.management import BaseCommand, CommandParser, call_command

from marketplace.demo.sandbox import open_sandbox


class Command(BaseCommand):
    help = "Creates or finds a funded sandbox and prints it as JSON, and nothing else, on the standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the server it speaks of (default 8000)")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write(json.dumps(open_sandbox(f"http://127.0.0.1:{port}"), indent=2))
