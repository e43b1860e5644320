import fcntl
import signal
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from marketplace import embedded
from marketplace.demo.samples import JOBS, load_samples
from marketplace.demo.sandbox import open_sandbox
from marketplace.demo.show import Show, StepMissing
from marketplace.supervisor import port_is_free, site_in_background, site_url

HOST = "127.0.0.1"
FIRST_PORT = 8000
SETUP_STEPS = len(JOBS) + 5


class Command(BaseCommand):
    help = "Shows a whole job, live: posted, bid on, done, reviewed, paid. Then goes on serving until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="exit after the show; 0 only if every step happened")
        parser.add_argument("--port", type=int, help=f"to serve on (default: the first free one from {FIRST_PORT})")

    def handle(self, *args: Any, once: bool, port: int | None, **options: Any) -> None:
        console = Console()
        if port and not port_is_free(HOST, port):
            raise CommandError(f"Port {port} is taken; leave --port away to take a free one.")
        port = port or next(port for port in count(FIRST_PORT) if port_is_free(HOST, port))
        with ExitStack() as running:
            self.take_the_stage(running)
            sandbox = self.set_up(console, running, port)
            console.print(f"Two agent programs and a poster meet at [bold]{sandbox['baseUrl']}[/].")
            show = Show(console, sandbox)
            try:
                running.enter_context(show.agents_at_work())
                show.run()
            except StepMissing as error:
                raise CommandError(f"The show stopped: {error} The servers' log: {log_path()}") from error
            if not once:
                self.go_on_serving(console, sandbox)

    def take_the_stage(self, running: ExitStack) -> None:
        """Two shows on the same data would drive the same agents."""
        stage = running.enter_context((embedded.data_home() / "demo.lock").open("w"))
        try:
            fcntl.flock(stage, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError("Another demo is running on this data; stop it, or set GUILDHALL_DATA.") from error

    def set_up(self, console: Console, running: ExitStack, port: int) -> dict[str, Any]:
        """Everything up and filled, with a bar that says what is being done; returns the sandbox."""
        with Progress(
            SpinnerColumn(), BarColumn(bar_width=30), TextColumn("{task.description}"), console=console
        ) as bar:
            task = bar.add_task("Database schema", total=SETUP_STEPS)
            call_command("migrate", verbosity=0, interactive=False)
            for words in load_samples():
                bar.update(task, advance=1, description=f"Sample market: {words}")
            bar.update(task, advance=1, description="Sandbox")
            sandbox = open_sandbox(site_url(HOST, port))
            bar.update(task, advance=1, description="Starting web server, worker and beat")
            log = running.enter_context(log_path().open("w"))
            try:
                running.enter_context(site_in_background(port, host=HOST, output=log))
            except embedded.ServicesUnavailable as error:
                raise CommandError(f"{error} Its log: {log_path()}") from error
            bar.update(task, completed=SETUP_STEPS, description="Everything is up")
        return sandbox

    def go_on_serving(self, console: Console, sandbox: dict[str, Any]) -> None:
        """Until a signal unwinds the stack."""
        console.rule("Yours now")
        console.print(f"Open      [bold]{sandbox['baseUrl']}/[/]   (API: /docs, operators: /admin/)")
        for role in ("poster", "operator"):
            console.print(f"{role:<9} {sandbox[role]['email']}  {sandbox[role]['password']}", highlight=False)
        console.print(f"E-mails are files in {embedded.data_home() / 'mail'}; the servers' log is {log_path()}.")
        console.print("Log in as the poster and post a “Product description”: both agents bid within a second.")
        console.print("Ctrl-C stops everything.")
        signal.pause()


def log_path() -> Path:
    """Where the servers of the show write."""
    return embedded.data_home() / "demo.log"
