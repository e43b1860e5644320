"""The page of a wallet: plain words, nobody else's money."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import islice
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from agents.models import Agent
from marketplace.html import UsdcField
from marketplace.identifiers import uuid7
from marketplace.money import MICRO
from marketplace.timestamps import format_timestamp
from tests import factories
from tests.pages import client_of, text_of
from wallets.charts import draw_balance, nice_ceiling
from wallets.exports import csv_of, harmless
from wallets.models import Deposit, Entry, Withdrawal
from wallets.queries import balance, bonus_unspent, entries_of, reference
from wallets.services import (
    announce_deposit,
    confirm_withdrawal,
    grant_signup_bonus,
    provision_wallet,
    receive_payment,
    request_withdrawal,
    reverse_withdrawal,
)
from wallets.templatetags.wallets import groups

CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55


def ask(agent: Agent, amount: int) -> Withdrawal:
    """A withdrawal that nobody has sent yet."""
    return request_withdrawal(agent=agent, actor=agent, amount=amount, address=CHECKSUMMED, key=str(uuid7()))


def pay(deposit: Deposit) -> None:
    """The payment that was announced is seen on the rail."""
    receive_payment(
        rail=deposit.rail,
        key=str(deposit.pk),
        address=deposit.address,
        amount=deposit.amount,
        reference="0xfeed",
        announced=deposit.pk,
    )


def hidden_of(response: Any) -> dict[str, str]:
    """What the page's form will send by itself."""
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in inputs if name != "csrfmiddlewaretoken"}


def test_every_movement_is_told_in_plain_words(poster: Agent, worker: Agent) -> None:
    factories.completed_job(poster, worker, title="Mend the roof", price=80 * MICRO)

    mine = text_of(client_of(poster).get("/wallet/"))
    theirs = text_of(client_of(worker).get(f"/wallet/?agent={worker.handle}"))

    assert "Held in escrow for “Mend the roof” just now −80.00 920.00" in mine
    assert "Deposit just now +1,000.00 1,000.00" in mine
    assert "Paid for “Mend the roof” just now +76.00 76.00" in theirs


@pytest.mark.parametrize("reference", ["{handle}", "{id}", "nobody"])
def test_a_wallet_is_its_holders_and_their_owners_alone(poster: Agent, worker: Agent, reference: str) -> None:
    path = "/wallet/?agent=" + reference.format(handle=worker.handle, id=worker.pk)

    assert client_of(poster).get(path).status_code == 404
    assert Client().get(path)["Location"].startswith("/account/login/")


def test_the_ledger_goes_on_where_the_page_ended(poster: Agent) -> None:
    for number in range(1, 22):
        factories.fund(poster, number * MICRO)
    client = client_of(poster)

    first = client.get("/wallet/").context["page"]
    second = client.get(f"/wallet/?cursor={first.next_cursor}").context["page"]

    amounts = [entry.amount // MICRO for entry in [*first.rows, *second.rows]]
    assert amounts == [*range(21, 0, -1), 1000]
    assert second.next_cursor is None


@pytest.mark.parametrize("count", [3, 30])
def test_a_wallet_costs_the_same_at_three_lines_and_at_thirty(
    poster: Agent, worker: Agent, count: int, django_assert_num_queries
) -> None:
    for number in range(count - 2):
        factories.fund(poster, number + 1)
    factories.completed_job(poster, worker)
    client = client_of(poster)
    with django_assert_num_queries(10):
        client.get("/wallet/")


# Balances and their picture


def test_balances_that_never_mattered_are_left_out(poster: Agent, worker: Agent) -> None:
    plain = client_of(poster).get("/wallet/").content.decode()
    factories.completed_job(poster, worker, terms={"dispute_window_seconds": 3600})
    ask(poster, 5 * MICRO)
    of_poster = client_of(poster).get("/wallet/").content.decode()
    of_worker = client_of(worker).get(f"/wallet/?agent={worker.handle}").content.decode()

    assert re.findall('data-balance="([a-z]+)"', plain) == ["available", "held"]
    assert re.findall('data-balance="([a-z]+)"', of_poster) == ["available", "held", "withdrawing"]
    assert re.findall('data-balance="([a-z]+)"', of_worker) == ["available", "clearing", "held"]
    assert f'href="?agent={worker.handle}&amp;account=CLEARING#ledger"' in of_worker


def test_the_picture_says_in_words_what_it_shows_and_ends_today(poster: Agent) -> None:
    factories.fund(poster, 250 * MICRO)

    page = text_of(client_of(poster).get("/wallet/?days=90"))

    assert "Available balance, last 90 days" in page
    assert "Today it is 1,250.00 USDC." in page
    assert f"{datetime.now(UTC).day} {datetime.now(UTC):%B %Y} 1,250.00" in page


@pytest.mark.parametrize("days", ["7", "x", "", "99999999999999999999"])
def test_a_range_that_is_not_offered_is_thirty_days(poster: Agent, days: str) -> None:
    assert "last 30 days" in text_of(client_of(poster).get("/wallet/", {"days": days}))


@pytest.mark.parametrize(
    ("highest", "ceiling"), [(0, 1), (1, 1), (MICRO, 1), (MICRO + 1, 2), (3 * MICRO, 5), (501 * MICRO, 1000)]
)
def test_the_scale_ends_at_a_round_amount(highest: int, ceiling: int) -> None:
    assert nice_ceiling(highest) == ceiling * MICRO


def test_the_line_stays_level_for_a_day_and_keeps_inside() -> None:
    first = date(2026, 1, 1)
    chart = draw_balance([(first, 0), (first, 5 * MICRO), (first, 2 * MICRO)])

    assert chart.line == "M0 100H1V0H2V60H3"
    assert chart.area == "M0 100H1V0H2V60H3V100H0Z"
    assert (chart.low[1], chart.high[1]) == (0, 5 * MICRO)


# The ledger, narrowed


def test_the_ledger_is_narrowed_by_kind_job_balance_and_time(poster: Agent, worker: Agent) -> None:
    roof = factories.completed_job(poster, worker, title="Mend the roof", terms={"dispute_window_seconds": 3600})
    factories.assigned_job(poster, worker, title="Paint the gate")
    today = datetime.now(UTC).date()

    def seen(agent: Agent = poster, **wanted: object) -> list[str]:
        response = client_of(agent).get("/wallet/", {"agent": agent.handle, **wanted})
        assert response.status_code == 200
        return [words for _, words in response.context["lines"]]

    gate, hold, deposit = "Held in escrow for “Paint the gate”", "Held in escrow for “Mend the roof”", "Deposit"
    assert seen() == [gate, hold, deposit]
    assert seen(kind="ESCROW_HOLD") == [gate, hold]
    assert seen(job=roof.pk) == [hold]
    assert seen(month=f"{today:%Y-%m}", kind="DEPOSIT") == [deposit]
    assert seen(since=today, until=today) == [gate, hold, deposit]
    assert seen(until=today - timedelta(days=1)) == []
    assert seen(worker, account="CLEARING") == ["Paid for “Mend the roof”"]
    assert seen(worker) == []


def test_filters_stay_while_one_reads_on(poster: Agent) -> None:
    for _ in range(21):
        factories.fund(poster, MICRO)

    page = client_of(poster).get("/wallet/?kind=DEPOSIT&days=90")
    [further] = re.findall(r'href="([^"]+)" rel="next"', page.content.decode())

    assert "kind=DEPOSIT" in further
    assert "days=90" in further
    rest = client_of(poster).get("/wallet/" + unescape(further))
    assert [entry.amount for entry in rest.context["page"].rows] == [MICRO, 1000 * MICRO]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": "THEFT"}, "kind"),
        ({"account": "ESCROW"}, "account"),
        ({"month": "2026-13"}, "month"),
        ({"since": "yesterday"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "until"),
        ({"job": "roof"}, "job"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_beside_its_field_and_exports_nothing(
    poster: Agent, typed: dict[str, str], field: str
) -> None:
    page = client_of(poster).get("/wallet/", typed)
    export = client_of(poster).get("/wallet/ledger.csv", typed)

    assert (page.status_code, list(page.context["form"].errors)) == (400, [field])
    assert export.status_code == 400
    assert export["Content-Type"].startswith("text/html")


# The ledger for spreadsheets


def rows_of(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_export_has_what_the_filters_leave_with_numbers_as_numbers(poster: Agent, worker: Agent) -> None:
    job = factories.completed_job(poster, worker, title="Mend, then “paint”")
    factories.fund(poster, 1)

    response = client_of(poster).get("/wallet/ledger.csv?kind=ESCROW_HOLD")
    everything = rows_of(client_of(poster).get("/wallet/ledger.csv"))
    [row] = rows_of(response)

    entry = Entry.objects.get(transfer__job=job, account__owner=poster)
    assert row == {
        "Time (UTC)": format_timestamp(entry.transfer.created_at),
        "Type": "ESCROW_HOLD",
        "Description": "Held in escrow for “Mend, then “paint””",
        "Job": str(job.pk),
        "Amount USDC": "-80.00",
        "Balance after USDC": "920.00",
        "Reference": reference(entry.transfer),
    }
    assert [row["Amount USDC"] for row in everything] == ["0.000001", "-80.00", "1000.00"]
    assert f'filename="wallet-{poster.handle}-{datetime.now(UTC):%Y-%m-%d}.csv"' in response["Content-Disposition"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_what_people_wrote_is_never_a_formula(start: str) -> None:
    assert harmless(f"{start}cmd|'/C calc'!A0") == f"'{start}cmd|'/C calc'!A0"
    assert harmless(f"a{start}") == f"a{start}"


def test_an_export_is_read_a_few_lines_at_a_time(poster: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        factories.fund(poster, MICRO)
    monkeypatch.setattr("wallets.exports.ROWS_AT_ONCE", 3)

    lines = csv_of(entries_of(poster))
    begun = list(islice(lines, 2))
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_cursors")
        [[statement]] = cursor.fetchall()

    assert "wallets_entry" in statement
    assert "description" not in statement
    assert len([*begun, *lines]) == 1 + 8


# Deposits


def test_a_deposit_is_announced_shown_and_confirmed(poster: Agent) -> None:
    client = client_of(poster)
    shown = client.post("/wallet/deposits/new/", {"amount": "1,234.50"}, follow=True)
    deposit = Deposit.objects.get()

    assert shown.redirect_chain[-1][0] == f"/wallet/deposits/{deposit.pk}/"
    page = text_of(shown)
    assert deposit.address in page
    assert "This is play money: there is nothing to pay. It arrives by itself in a few seconds." in page

    unchanged = client.get(shown.redirect_chain[-1][0], {"known": "AWAITING"}, headers={"HX-Request": "true"})
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    pay(deposit)
    changed = client.get(shown.redirect_chain[-1][0], {"known": "AWAITING"}, headers={"HX-Request": "true"})
    assert "1,234.50 USDC arrived" in text_of(changed)
    assert "hx-get" not in changed.content.decode()
    assert "<html" not in changed.content.decode()
    assert "1,234.50 USDC Credited" in text_of(client.get("/wallet/deposits/"))


@pytest.mark.parametrize("amount", ["", "0", "0.5", "100001", "1e3", "NaN", "-5", "1.0000001"])
def test_a_deposit_that_cannot_be_is_refused_beside_the_amount(poster: Agent, amount: str) -> None:
    response = client_of(poster).post("/wallet/deposits/new/", {"amount": amount})

    assert response.status_code == 400
    assert response.context["form"].errors["amount"]
    assert not Deposit.objects.exists()


# Withdrawals


def test_a_withdrawal_is_looked_over_and_then_asked_for_once(poster: Agent) -> None:
    client = client_of(poster)
    look = client.post("/wallet/withdrawals/new/", {"amount": "40", "address": CHECKSUMMED.lower()})

    assert "Withdraw 40.00 USDC ?" in text_of(look)
    assert " ".join(groups(CHECKSUMMED)) in text_of(look)
    assert "Stays available 960.00 USDC" in text_of(look)
    assert not Withdrawal.objects.exists()

    hidden = hidden_of(look)
    first, again = (client.post("/wallet/withdrawals/confirm/", hidden) for _ in range(2))

    withdrawal = Withdrawal.objects.get()
    assert first["Location"] == again["Location"] == f"/wallet/withdrawals/{withdrawal.pk}/"
    assert (withdrawal.amount, withdrawal.address) == (40 * MICRO, CHECKSUMMED)
    assert balance(poster).available == 960 * MICRO


def test_the_whole_balance_confirmed_twice_is_still_one_withdrawal(poster: Agent) -> None:
    client = client_of(poster)
    filled = client.post("/wallet/withdrawals/new/", {"all": "yes", "amount": "", "address": CHECKSUMMED})
    assert 'value="1000.00"' in filled.content.decode()
    assert f'value="{CHECKSUMMED}"' in filled.content.decode()

    hidden = hidden_of(client.post("/wallet/withdrawals/new/", {"amount": "1000.00", "address": CHECKSUMMED}))
    answers = [client.post("/wallet/withdrawals/confirm/", hidden) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Withdrawal.objects.get().amount == 1000 * MICRO


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"amount": "1000.01"}, "amount", "1,000.00 USDC can be withdrawn."),
        ({"amount": "0.99"}, "amount", "Must be at least 1.00."),
        ({"amount": "ten"}, "amount", "positive amount of USDC"),
        ({"address": CHECKSUMMED.replace("B", "b", 1)}, "address", "checksum"),
        ({"address": "0x12"}, "address", "40 hexadecimal digits"),
        ({"address": "0x" + "0" * 40}, "address", "zero address"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused_beside_its_field(
    poster: Agent, typed: dict[str, str], field: str, words: str
) -> None:
    sent = {"amount": "40", "address": CHECKSUMMED} | typed
    looked = client_of(poster).post("/wallet/withdrawals/new/", sent)
    confirmed = client_of(poster).post("/wallet/withdrawals/confirm/", {**sent, "key": str(uuid7())})

    assert looked.status_code == 400
    assert words in str(looked.context["form"].errors[field])
    assert 400 <= confirmed.status_code < 500
    assert list(confirmed.context["form"].errors) == [field]
    assert not Withdrawal.objects.exists()


def test_an_address_of_the_marketplace_is_refused_beside_the_address(poster: Agent, worker: Agent) -> None:
    own = provision_wallet(agent=worker, actor=worker).address
    typed = {"amount": "40", "address": own, "key": str(uuid7())}
    response = client_of(poster).post("/wallet/withdrawals/confirm/", typed)

    assert response.status_code == 400
    assert "address of this marketplace" in str(response.context["form"].errors["address"])


def test_a_bonus_is_left_out_of_what_can_be_withdrawn(settings, db: None) -> None:
    settings.SIGNUP_BONUS, settings.SIGNUP_BONUS_BUDGET = 30 * MICRO, 60 * MICRO
    person = factories.make_person("Nina", funds=50 * MICRO)
    grant_signup_bonus(agent=person)
    free = balance(person).available - bonus_unspent(person)

    page = text_of(client_of(person).get("/wallet/withdrawals/new/"))

    assert f"You can withdraw {free // MICRO}.00 USDC" in page
    assert "30.00 USDC of what is available is a welcome bonus" in page


def test_a_withdrawal_shows_how_far_it_is_and_stops_asking_when_settled(poster: Agent) -> None:
    client = client_of(poster)
    paid, refused = ask(poster, 5 * MICRO), ask(poster, 6 * MICRO)
    address = f"/wallet/withdrawals/{paid.pk}/"
    asked = client.get(address)
    assert 'hx-trigger="every 2s"' in asked.content.decode()
    assert '<li class="done">Asked for' in asked.content.decode()
    same = client.get(address, {"known": "PENDING"}, headers={"HX-Request": "true"})
    assert same.status_code == 204

    for withdrawal in (paid, refused):
        Withdrawal.objects.filter(pk=withdrawal.pk).update(status="SENT", sent_at=Now(), reference="0xfeed")
    confirm_withdrawal(withdrawal=paid, reference="0xfeed")
    reverse_withdrawal(withdrawal=refused, reason="the bank of the address refused it")
    fragment = client.get(address, {"known": "PENDING"}, headers={"HX-Request": "true"})
    put_back = client.get(f"/wallet/withdrawals/{refused.pk}/")

    assert "Paid: 5.00 USDC arrived" in text_of(fragment)
    assert "0xfeed" in text_of(fragment)
    assert "hx-get" not in fragment.content.decode()
    assert "It was not paid, and 6.00 USDC is back in the wallet." in text_of(put_back)
    assert "The reason: the bank of the address refused it." in text_of(put_back)
    listed = text_of(client.get("/wallet/withdrawals/"))
    assert "6.00 USDC Refused and put back" in listed
    assert "5.00 USDC Paid" in listed


# Who may


@pytest.fixture
def paths(poster: Agent) -> list[str]:
    """Every page of the poster's wallet."""
    deposit = announce_deposit(agent=poster, amount=5 * MICRO, actor=poster)
    return [
        *("/wallet/", "/wallet/ledger.csv", "/wallet/deposits/", "/wallet/withdrawals/"),
        *("/wallet/deposits/new/", "/wallet/withdrawals/new/"),
        *(f"/wallet/deposits/{deposit.pk}/", f"/wallet/withdrawals/{ask(poster, MICRO).pk}/"),
    ]


def test_strangers_find_no_page_of_a_wallet(poster: Agent, outsider: Agent, paths: list[str]) -> None:
    for path in paths:
        assert client_of(poster).get(path).status_code == 200
        assert client_of(outsider).get(path, {"agent": poster.handle}).status_code == 404
        assert Client().get(path)["Location"].startswith("/account/login/")
    for path in paths[-2:]:
        assert client_of(outsider).get(path).status_code == 404
    typed = {"amount": "5", "address": CHECKSUMMED, "key": str(uuid7())}
    before = balance(poster)
    for path in ("/wallet/deposits/new/", "/wallet/withdrawals/new/", "/wallet/withdrawals/confirm/"):
        assert client_of(outsider).post(f"{path}?agent={poster.handle}", typed).status_code == 404
    assert balance(poster) == before


def test_an_owner_does_all_of_it_for_an_agent(poster: Agent) -> None:
    mine = factories.make_agent(poster, name="Mine", handle="mina", funds=50 * MICRO)
    client, whose = client_of(poster), "?agent=mina"

    for path in ("/wallet/", "/wallet/deposits/new/", "/wallet/withdrawals/new/", "/wallet/deposits/"):
        body = client.get(path + whose).content.decode()
        links = re.findall(r'(?:href|action)="(/wallet/[^"]*)"', body.partition("<main")[2].partition("</main")[0])
        # Tabs lead to one's own wallet too, and the form of the ledger has the agent in a field.
        others = ["/wallet/", "/wallet/#ledger"] if path == "/wallet/" else []
        assert [link for link in links if "agent=mina" not in link] == others
        assert ('name="agent" value="mina"' in body) == bool(others)
    announced = client.post(f"/wallet/deposits/new/{whose}", {"amount": "7"})
    look = client.post(f"/wallet/withdrawals/new/{whose}", {"amount": "20", "address": CHECKSUMMED})
    asked = client.post(f"/wallet/withdrawals/confirm/{whose}", hidden_of(look))

    assert announced["Location"] == f"/wallet/deposits/{Deposit.objects.get(agent=mine).pk}/{whose}"
    assert asked["Location"] == f"/wallet/withdrawals/{Withdrawal.objects.get(agent=mine).pk}/{whose}"
    assert client.get(asked["Location"]).status_code == 200
    assert balance(mine).available == 30 * MICRO
    assert balance(poster).available == 1000 * MICRO


def test_the_suspended_see_their_wallet_and_cannot_act(poster: Agent, paths: list[str]) -> None:
    Agent.objects.filter(pk=poster.pk).update(status=Agent.Status.SUSPENDED)
    client = client_of(poster)
    before = balance(poster)
    acting = ["/wallet/deposits/new/", "/wallet/withdrawals/new/"]

    for path in paths:
        assert client.get(path).status_code == (403 if path in acting else 200)
    assert "/wallet/withdrawals/new/" not in client.get("/wallet/").content.decode()
    typed = {"amount": "5", "address": CHECKSUMMED, "key": str(uuid7())}
    for path in (*acting, "/wallet/withdrawals/confirm/"):
        assert client.post(path, typed).status_code == 403
    assert balance(poster) == before


def test_lists_of_deposits_and_withdrawals_go_on(poster: Agent) -> None:
    for number in range(1, 22):
        announce_deposit(agent=poster, amount=number * MICRO, actor=poster)
        ask(poster, number * MICRO)
    for path in ("/wallet/deposits/", "/wallet/withdrawals/"):
        first = client_of(poster).get(path).context["page"]
        second = client_of(poster).get(path, {"cursor": first.next_cursor}).context["page"]
        assert [one.amount // MICRO for one in [*first.rows, *second.rows]] == [*range(21, 0, -1)]
        assert second.next_cursor is None


@pytest.mark.parametrize(
    ("typed", "micro"),
    [
        ("1,234.50", 1234_500_000),
        ("40,5", 40_500_000),
        ("40,50", 40_500_000),
        ("1,234", None),
        ("1.234,5", None),
        ("1,234,5", None),
    ],
)
def test_a_comma_is_never_guessed_at(typed: str, micro: int | None) -> None:
    """40,5 is forty and a half wherever a comma is typed for it, and nothing else anywhere; 1,234 is two things."""
    field = UsdcField()
    if micro is None:
        with pytest.raises(ValidationError):
            field.clean(typed)
    else:
        assert field.clean(typed) == micro
