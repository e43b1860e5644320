"""Guildhall itself: hold and release by wallets.services, each in a transaction with the event of the job.

    python -m bench.ours prepare --people 2000
    python -m bench.ours jobs --count 1000
    python -m bench.ours cycles --clients 8 --seconds 3 [--fees one|spread|none] [--quiet]

Run by the harness, in the database that DATABASE_URL names; prints JSON.
"""

import argparse
import os
import random
from collections.abc import Callable
from itertools import islice
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from agents.models import Agent  # noqa: E402
from bench.clients import run_clients, tell  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.terms import Terms  # noqa: E402
from marketplace.events import services as events  # noqa: E402
from marketplace.events.services import NewEvent  # noqa: E402
from marketplace.money import MICRO, format_usdc, share  # noqa: E402
from wallets import ledger, services  # noqa: E402
from wallets.models import Account  # noqa: E402

FUNDS = 1_000_000 * MICRO
PRICE = 80 * MICRO
SPREAD = 64  # accounts of fees, where the one is not to be hot
# More than any machine does in a second; a client whose jobs are used up ends early, and its rate is what it did.
JOBS_A_SECOND = {1: 1500, 8: 3000}


def prepare(people: int) -> int:
    """Makes the tables, those who pay and those who are paid, and the money of the first."""
    call_command("migrate", verbosity=0)
    names = [f"{role}-{number:04}" for role in ("payer", "worker") for number in range(people)]
    Agent.objects.bulk_create(Agent(kind=Agent.Kind.AI, handle=name, name=name) for name in names)
    for payer in Agent.objects.filter(handle__startswith="payer-"):
        services.deposit(agent=payer, amount=FUNDS, key=f"bench:{payer.pk}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return len(names)


NEW_JOBS = """
    INSERT INTO jobs_job (id, poster_id, payer_id, worker_id, title, description, vertical, input_data, output_schema,
                          budget, price, status, terms, deadline_at, bid_count, revision_count, progress_percent)
    SELECT uuidv7(), payer.id, payer.id, worker.id, 'Summarise a report', 'Ten lines at most.', '', '{}', '{}',
           %(price)s, %(price)s, 'DRAFT', %(terms)s, now() + interval '30 days', 0, 0, 0
      FROM generate_series(1::bigint, %(count)s) AS number
      JOIN agents_agent payer
        ON payer.handle = 'payer-' || to_char((number * 7919 + %(salt)s) %% %(people)s, 'FM0000')
      JOIN agents_agent worker
        ON worker.handle = 'worker-' || to_char((number * 104729 + %(salt)s) %% %(people)s, 'FM0000')
    RETURNING id
"""


def new_jobs(count: int) -> list[UUID]:
    """Jobs by random payers for random workers, whose price is not yet held."""
    people = Agent.objects.filter(handle__startswith="payer-").count()
    terms = connection.ops.adapt_json_value(Terms.default().dump(), None)
    values: dict[str, Any] = {
        "price": PRICE,
        "terms": terms,
        "count": count,
        "people": people,
        "salt": random.randrange(people),
    }
    with connection.cursor() as cursor:
        cursor.execute(NEW_JOBS, values)
        jobs = [job for (job,) in cursor.fetchall()]
        cursor.execute("ANALYZE jobs_job")
    return jobs


def spread_fees() -> list[ledger.AccountName]:
    """Accounts of fees beside the one, which the product's own constraint rightly refuses."""
    owners = list(Agent.objects.filter(handle__startswith="worker-").values_list("pk", flat=True)[:SPREAD])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE wallets_account DISABLE TRIGGER USER")
    fees = [Account(kind=Account.Kind.FEES, owner_id=owner, balance=None) for owner in owners]
    Account.objects.bulk_create(fees, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE wallets_account ENABLE TRIGGER USER")
    return [ledger.AccountName(Account.Kind.FEES, owner=owner) for owner in owners]


def cycles(clients: int, seconds: float, fees: str, quiet: bool) -> dict[str, float]:
    jobs = new_jobs(int(seconds * max(JOBS_A_SECOND.get(clients, 0), 400 * clients)) + clients)
    accounts = spread_fees() if fees == "spread" else [ledger.FEES]
    connection.close()

    def prepare_client(number: int) -> Callable[[], bool]:
        dealt = Job.objects.select_related("poster", "worker").filter(pk__in=jobs[number::clients])
        mine = iter(list(dealt))
        bps = 0 if fees == "none" else Terms.default().release_fee_bps

        def cycle() -> bool:
            for job in islice(mine, 1):
                ledger.FEES = random.choice(accounts)
                hold_and_release(job, bps, quiet)
                return True
            return False

        return cycle

    return run_clients(prepare_client, clients, seconds)


def hold_and_release(job: Job, fee_bps: int, quiet: bool) -> None:
    """The money and the event of an assignment, then those of an approval; a transaction each."""
    worker, price = job.deal
    moved = {"from": "OPEN", "to": "ASSIGNED"}
    assigned = event("job.assigned", job, quiet, moved, amountUsdc=format_usdc(price))
    services.hold_escrow(job=job, amount=price, event=assigned)
    fee = share(price, fee_bps)
    moved = {"from": "IN_REVIEW", "to": "COMPLETED"}
    paid = {"payoutUsdc": format_usdc(price - fee), "feeUsdc": format_usdc(fee)}
    approved = event("job.approved", job, quiet, moved, **paid)
    services.release_escrow(job=job, worker=worker, price=price, fee=fee, event=approved)


def event(type: str, job: Job, quiet: bool, moved: dict[str, str], **data: str) -> NewEvent:
    """What jobs.services says of a transition; `quiet` tells nobody, so that no relay is woken."""
    facts = {"title": job.title, "budgetUsdc": format_usdc(job.budget), "posterId": str(job.poster_id), **moved}
    audience = [] if quiet else [job.poster, job.worker]
    told = {**facts, "status": moved["to"], **data}
    return events.describe(type, job=job, actor=job.poster, audience=audience, data=told)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "jobs", "cycles"])
    parser.add_argument("--people", type=int, default=2000, help="who pay, and as many who are paid")
    parser.add_argument("--count", type=int, default=0, help="jobs to make")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--fees", choices=["one", "spread", "none"], default="one")
    parser.add_argument("--quiet", action="store_true")
    chosen = parser.parse_args()
    if chosen.action == "prepare":
        tell(prepare(chosen.people))
    elif chosen.action == "jobs":
        tell(len(new_jobs(chosen.count)))
    else:
        tell(cycles(chosen.clients, chosen.seconds, chosen.fees, chosen.quiet))


if __name__ == "__main__":
    main()
