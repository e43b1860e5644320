"""The show of `make demo`: a whole job, live, over HTTP and webhooks like any client's."""

import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from django.conf import settings
from rich.console import Console
from rich.table import Table

from agents.mail.models import Letter
from marketplace.money import format_usdc, parse_usdc
from wallets.audit.services import audit_books

AGENT_PROGRAM = Path("docs/examples/agent.py")
SHARES = (0.9, 0.84)
PATIENCE_SECONDS = 60
REVIEW_WINDOW_SECONDS = 4
PAYOUT_ADDRESS = "0x" + "c0ffee" * 6 + "c0fe"
BRIEFS: list[dict[str, Any]] = [
    {
        "product": "Heron desk lamp",
        "features": ["folds flat", "warm and cold light", "runs a week on one charge"],
        "tone": "warm",
    },
    {"product": "Otter rain jacket", "features": ["packs into its pocket", "taped seams"], "tone": "bold"},
]


class StepMissing(Exception):
    """A step of the show did not happen."""


class Show:
    """Tells a job's story while it happens; raises StepMissing when it does not."""

    def __init__(self, console: Console, sandbox: dict[str, Any]):
        self.console = console
        self.sandbox = sandbox
        self.heard: list[str] = []
        self.article = secrets.token_hex(3)
        self.poster = httpx2.Client(
            base_url=f"{sandbox['baseUrl']}/v1", headers={"X-Api-Key": sandbox["poster"]["apiKey"]}, timeout=15
        )

    def run(self) -> None:
        """Both jobs, while the agents are at work, and what became of the money."""
        before = self.wallets()
        self.reviewed_job()
        self.job_left_to_the_clock()
        self.settle_up(before, self.wallets())
        self.withdraw_earnings()
        self.prove_the_books()

    def reviewed_job(self) -> None:
        self.console.rule("A job, reviewed by its poster")
        job = self.post_job(BRIEFS[0])
        job = self.give_to_cheapest(job)
        job = self.await_status(job, "IN_REVIEW", "the output")
        self.tell(f"sees the output: “{job['submission']['outputData']['headline']}”")
        job = self.call("PATCH", f"/jobs/{job['id']}/approve")
        self.tell(f"approved; {job['payoutUsdc']} USDC released to {job['agentId']}, the rest is the fee")
        self.await_heard("job.paid")
        self.find_mail(job)

    def find_mail(self, job: dict[str, Any]) -> None:
        """The mail that told the poster of the output; when local, mails are files."""
        about = Letter.objects.filter(
            user__email=self.sandbox["poster"]["email"],
            status=Letter.Status.SENT,
            items__event__job=job["id"],
            items__event__type="job.submitted",
        )
        self.await_value("the mail to the poster", about.exists, bool)
        self.tell(f"was mailed when the output came (look in {settings.EMAIL_FILE_PATH or settings.EMAIL_HOST})")

    def job_left_to_the_clock(self) -> None:
        self.console.rule("A job, approved by the clock")
        job = self.post_job(BRIEFS[1], terms={"reviewWindowSeconds": REVIEW_WINDOW_SECONDS})
        job = self.give_to_cheapest(job)
        self.await_status(job, "IN_REVIEW", "the output")
        self.tell(f"does nothing; the Terms give a review of {REVIEW_WINDOW_SECONDS} seconds")
        job = self.await_status(job, "COMPLETED", "the clock to approve")
        events = self.call("GET", f"/jobs/{job['id']}/events")
        if not any(event["type"] == "job.approved" and event["actor"] is None for event in events):
            raise StepMissing("The second job was completed, but not by the clock.")
        self.console.print(f"[bold]clock[/]: the review window ended; {job['payoutUsdc']} USDC released")

    def post_job(self, brief: dict[str, Any], **more: Any) -> dict[str, Any]:
        job = self.call(
            "POST",
            "/jobs",
            json={
                "templateId": "product-description",
                "title": f"Product page for the {brief['product']}",
                "description": "For our web shop, please.",
                "budgetUsdc": "50.00",
                "inputData": self.told_apart(brief),
                **more,
            },
        )
        self.tell(f"posted “{job['title']}” from a template, budget {job['budgetUsdc']} USDC")
        return job

    def told_apart(self, brief: dict[str, Any]) -> dict[str, Any]:
        """The brief with an article number of this show: the clock approves nothing that was handed in before."""
        return {**brief, "features": [*brief["features"], f"article number {self.article}"]}

    def give_to_cheapest(self, job: dict[str, Any]) -> dict[str, Any]:
        bids = self.await_value(
            "both bids", lambda: self.call("GET", f"/jobs/{job['id']}/bids"), lambda bids: len(bids) == len(SHARES)
        )
        best = min(bids, key=lambda bid: parse_usdc(bid["amount"]))
        self.call("POST", f"/jobs/{job['id']}/bids/{best['id']}/accept")
        self.tell(f"accepted {best['agentId']}'s bid; {best['amount']} USDC are in escrow")
        return self.call("GET", f"/jobs/{job['id']}")

    def await_status(self, job: dict[str, Any], status: str, what: str) -> dict[str, Any]:
        return self.await_value(
            what, lambda: self.call("GET", f"/jobs/{job['id']}"), lambda job: job["status"] == status
        )

    def await_heard(self, words: str) -> None:
        self.await_value(f"an agent to hear {words}", lambda: self.heard, lambda heard: any(words in h for h in heard))

    def await_value(self, what: str, read: Callable[[], Any], arrived: Callable[[Any], bool]) -> Any:
        """Reads until it has arrived. Raises StepMissing when it does not within a minute."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self.console.status(f"waiting for {what} …"):
            while not arrived(value := read()):
                if time.monotonic() > deadline:
                    raise StepMissing(f"Waited {PATIENCE_SECONDS} seconds for {what}.")
                time.sleep(0.2)
        return value

    def call(self, method: str, path: str, **options: Any) -> Any:
        response = self.poster.request(method, path, **options)
        if response.is_error:
            raise StepMissing(f"{method} {path} answered {response.status_code}: {response.text}")
        return response.json()["data"]

    def tell(self, words: str) -> None:
        self.console.print(f"[bold cyan]poster[/]: {words}")

    def wallets(self) -> dict[str, int]:
        """Micro-USDC that each of the three may spend."""
        keys = {self.sandbox["poster"]["agentId"]: self.sandbox["poster"]["apiKey"]}
        keys |= {agent["handle"]: agent["apiKey"] for agent in self.sandbox["agents"]}
        return {
            handle: parse_usdc(self.call("GET", f"/agents/{handle}/wallet", headers={"X-Api-Key": key})["balanceUsdc"])
            for handle, key in keys.items()
        }

    def settle_up(self, before: dict[str, int], after: dict[str, int]) -> None:
        self.console.rule("The money")
        table = Table("wallet", "before", "after", "change")
        for handle, amount in after.items():
            change = amount - before[handle]
            table.add_row(handle, format_usdc(before[handle]), format_usdc(amount), format_usdc(change))
        self.console.print(table)
        fees = sum(before.values()) - sum(after.values())
        self.console.print(f"The marketplace earned the difference: {format_usdc(fees)} USDC.")

    def withdraw_earnings(self) -> None:
        """The agent that bid the least, and so got the jobs, takes a part out: play money, by the embedded rail."""
        winner = self.sandbox["agents"][SHARES.index(min(SHARES))]
        key, path = {"X-Api-Key": winner["apiKey"]}, f"/agents/{winner['handle']}/wallet"
        body = {"toAddress": PAYOUT_ADDRESS, "amountUsdc": "30.00"}
        asked = self.call("POST", f"{path}/withdraw", headers=key, json=body)
        self.console.print(
            f"[bold magenta]{winner['handle']}[/]: withdraws {asked['amountUsdc']} USDC to {PAYOUT_ADDRESS}"
        )
        paid = self.await_value(
            "the payment to arrive",
            lambda: self.call("GET", f"{path}/withdrawals/{asked['id']}", headers=key),
            lambda withdrawal: withdrawal["status"] == "CONFIRMED",
        )
        self.console.print(f"[bold]rail[/]: paid, transaction {paid['txHash'][:18]}…", highlight=False)

    def prove_the_books(self) -> None:
        audit = audit_books(record=False)
        for finding in audit.findings:
            self.console.print(f"[bold red]✗[/] {finding}")
        if not audit.sound:
            raise StepMissing("The books are not sound.")
        self.console.print("[bold green]✓ audit: the books are sound.[/]")

    @contextmanager
    def agents_at_work(self) -> Iterator[None]:
        """Two agent programs, told the base URL and a key each, until the block ends."""
        programs = [
            self.start_agent(agent["apiKey"], share)
            for agent, share in zip(self.sandbox["agents"], SHARES, strict=True)
        ]
        try:
            self.await_value(
                "both agents to listen",
                lambda: [line for line in self.heard if "is listening" in line],
                lambda lines: len(lines) == len(SHARES),
            )
            yield
        finally:
            for program in programs:
                program.terminate()
                program.wait()

    def start_agent(self, api_key: str, share: float) -> subprocess.Popen[str]:
        command = [sys.executable, str(settings.BASE_DIR / AGENT_PROGRAM), "--base-url", self.sandbox["baseUrl"]]
        program = subprocess.Popen(
            [*command, "--api-key", api_key, "--share", str(share)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self.relay_lines, args=[program], daemon=True).start()
        return program

    def relay_lines(self, program: subprocess.Popen[str]) -> None:
        assert program.stdout is not None
        for line in program.stdout:
            self.heard.append(line)
            name, _, words = line.rstrip().partition(": ")
            self.console.print(f"[bold magenta]{name}[/]: {words}", highlight=False)
