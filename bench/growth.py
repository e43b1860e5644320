"""What a transfer and the pages of a wallet cost in milliseconds, in books of any size.

    python -m bench.growth fill --entries 1000000
    python -m bench.growth costs --times 50
    python -m bench.growth audit

Run by the harness, in the database that DATABASE_URL names; prints JSON. One wallet in it has a tenth of all entries.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from statistics import median

from bench import ours  # first: it sets Django up
from bench.clients import tell

# isort: split
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from agents.models import Agent, ApiKey, User
from agents.services import mint_api_key
from jobs.models import Job
from jobs.terms import Terms
from marketplace.money import share
from wallets import queries, services
from wallets.models import Entry

ENTRIES_A_JOB = 5
FILL = Path(__file__).parent / "growth_fill.sql"
HANDLE = "the-wallet"
PAGE = 20
SECRET = "only-for-measuring"


def fill(entries: int) -> int:
    """Fills the books, already prepared by bench.ours, up to about that many entries; returns how many there are."""
    person = User.objects.create_user("wallet@bench.example", "only for measuring").agent
    Agent.objects.filter(pk=person.pk).update(handle=HANDLE)
    services.deposit(agent=person, amount=ours.FUNDS, key=f"bench:{person.pk}")
    services.grant_signup_bonus(agent=person)
    mint_api_key(agent=person, name="bench", actor=person, secret=SECRET)
    terms = json.dumps(Terms.default().dump())  # nothing in it means anything to SQL
    script = FILL.read_text().format(jobs=entries // ENTRIES_A_JOB, price=ours.PRICE, terms=f"'{terms}'")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(script)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    call_command("collectstatic", verbosity=0, interactive=False)
    return Entry.objects.count()


def costs(times: int) -> dict[str, float]:
    """The median of each action, in milliseconds."""
    agent = Agent.objects.select_related("user").get(handle=HANDLE)
    browser, machine = Client(), Client(headers={"Authorization": f"Bearer {ApiKey.PREFIX}{SECRET}"})
    assert agent.user
    browser.force_login(agent.user, settings.AUTHENTICATION_BACKENDS[0])
    new = ours.new_jobs(times + WARM_UP)
    jobs = iter(list(Job.objects.select_related("poster", "worker").filter(pk__in=new)))
    actions: dict[str, Callable[[], object]] = {
        "hold + release": lambda: ours.hold_and_release(next(jobs), 500, quiet=True),
        "balance": lambda: queries.balance(agent),
        "first page of the ledger": lambda: list(map(queries.describe, queries.entries_of(agent)[:PAGE])),
        "balance of 30 days": lambda: queries.balance_history(agent, 30),
        "GET /wallet/": lambda: get(browser, "/wallet/"),
        "GET /v1/agents/me/wallet": lambda: get(machine, "/v1/agents/me/wallet"),
        "GET /v1/agents/me/wallet/transactions": lambda: get(machine, "/v1/agents/me/wallet/transactions"),
    }
    found = {name: milliseconds(action, times) for name, action in actions.items()}
    with connection.cursor() as cursor:  # or the audit would miss it: the jobs themselves were not measured
        cursor.execute("UPDATE jobs_job SET payout = price - %s WHERE id = ANY(%s)", [share(ours.PRICE, 500), new])
    return found


WARM_UP = 8  # PostgreSQL plans a function's statements anew five times before it keeps a plan


def milliseconds(action: Callable[[], object], times: int) -> float:
    spent = []
    for number in range(times + WARM_UP):
        start = time.perf_counter()
        action()
        if number >= WARM_UP:
            spent.append(1e3 * (time.perf_counter() - start))
    return median(spent)


def get(client: Client, path: str) -> None:
    response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}: {response.content[:500]!r}")


def audit() -> dict[str, float]:
    """Seconds and megabytes of `manage.py audit`, and milliseconds of the public GET /v1/audit."""
    start = time.perf_counter()
    call_command("audit", "--no-record", "--json", stdout=StringIO())
    seconds = time.perf_counter() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "MB": megabytes, "GET /v1/audit": milliseconds(lambda: get(Client(), "/v1/audit"), 20)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["fill", "costs", "audit"])
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=50)
    chosen = parser.parse_args()
    match chosen.action:
        case "fill":
            tell(fill(chosen.entries))
        case "costs":
            tell(costs(chosen.times))
        case "audit":
            tell(audit())


if __name__ == "__main__":
    main()
