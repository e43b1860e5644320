"""The peer: django-hordak through its public API, as a team would write the same hold and release with it.

    python -m bench.hordak_peer prepare --people 2000
    python -m bench.hordak_peer cycles --clients 8 --seconds 3

It opens an account for each escrow, takes the transaction's own unique `uuid` as the key of the movement, and writes an
outbox row beside it. hordak stores no balances and refuses no overdraft, so the one who gives is locked and summed.
"""

import argparse
import os
import random
import uuid
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

from bench.clients import run_clients, tell

CURRENCY = "EUR"  # any will do
FUNDS = 10**9


def database() -> dict[str, object]:
    """What DATABASE_URL names, in Django's words."""
    url = urlsplit(os.environ["DATABASE_URL"])
    folder = parse_qs(url.query).get("host", [""])[0]
    where = {"HOST": url.hostname or folder, "PORT": url.port or "", "NAME": url.path.strip("/")}
    who = {"USER": url.username or "", "PASSWORD": url.password or ""}
    return {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **where, **who}


settings.configure(
    DATABASES={"default": database()},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
    USE_TZ=True,
    CURRENCIES=[CURRENCY],
    DEFAULT_CURRENCY=CURRENCY,
    HORDAK_MAX_DIGITS=20,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from hordak.models import Account, Leg, Transaction  # noqa: E402
from moneyed import Money  # noqa: E402


class Event(models.Model):
    """The outbox row."""

    type = models.CharField(max_length=50)
    job = models.UUIDField()
    data = models.JSONField()
    body = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return self.type


def prepare(people: int) -> int:
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Event)
    bank = open_account("bank", type="AS")
    open_account("fees")
    for number in range(people):
        open_account(f"payer {number}").transfer_to(bank, Money(FUNDS, CURRENCY))
        open_account(f"worker {number}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Account.objects.count()


def open_account(name: str, type: str = "LI") -> Account:
    return Account.objects.create(name=name, type=type, currencies=[CURRENCY])


def cycles(clients: int, seconds: float) -> dict[str, float]:
    def prepare_client(number: int) -> Callable[[], bool]:
        payers = list(Account.objects.filter(name__startswith="payer").values_list("pk", flat=True))
        workers = list(Account.objects.filter(name__startswith="worker"))
        fees = Account.objects.get(name="fees")

        def cycle() -> bool:
            hold_and_release(random.choice(payers), random.choice(workers), fees, Money(80, CURRENCY))
            return True

        return cycle

    connection.close()
    return run_clients(prepare_client, clients, seconds)


def hold_and_release(payer: int, worker: Account, fees: Account, price: Money) -> None:
    job = uuid.uuid4()
    with transaction.atomic():
        giver = giver_of(payer, price)
        escrow = open_account(str(job))
        hold = Transaction.objects.create(uuid=uuid.uuid5(job, "hold"))
        Leg.objects.create(transaction=hold, account=giver, debit=price)
        Leg.objects.create(transaction=hold, account=escrow, credit=price)
        say("job.assigned", job)
    with transaction.atomic():
        giver = giver_of(escrow.pk, price)
        release = Transaction.objects.create(uuid=uuid.uuid5(job, "release"))
        Leg.objects.create(transaction=release, account=giver, debit=price)
        Leg.objects.create(transaction=release, account=worker, credit=price * 19 / 20)
        Leg.objects.create(transaction=release, account=fees, credit=price / 20)
        say("job.approved", job)


def giver_of(account: int, price: Money) -> Account:
    """The account, locked, that holds as much."""
    giver = Account.objects.select_for_update(no_key=True).get(pk=account)
    if giver.get_simple_balance()[CURRENCY] < price:
        raise ValueError("insufficient funds")
    return giver


def say(type: str, job: uuid.UUID) -> None:
    data = {"title": "Summarise a report", "from": "OPEN", "to": "ASSIGNED", "budgetUsdc": "80.000000"}
    Event(type=type, job=job, data=data, body=b"0123456789" * 40).save(force_insert=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "cycles"])
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    chosen = parser.parse_args()
    tell(prepare(chosen.people) if chosen.action == "prepare" else cycles(chosen.clients, chosen.seconds))


if __name__ == "__main__":
    main()
