"""A month on one page: what was there, what came and went, and what is there now (PEOPLE)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from agents.models import Agent
from marketplace.errors import NotFound
from marketplace.money import MICRO
from tests.factories import PRICE, completed_job, fund
from tests.fixtures import api_for
from tests.pages import client_of, text_of
from wallets.models import Transfer
from wallets.queries import balance, entries_of
from wallets.statements import statement_of

NOW = f"{datetime.now(UTC):%Y-%m}"


def test_it_adds_up(poster: Agent, worker: Agent) -> None:
    fund(poster, 7 * MICRO)
    completed_job(poster, worker)
    for agent in (poster, worker):
        month = statement_of(agent, NOW)
        assert month.opening + month.came + month.went == month.closing == balance(agent).available
        assert sum(entry.amount for entry in month.entries) == month.came + month.went
        assert list(month.entries) == list(entries_of(agent).order_by("id"))
    [hold] = [kind for kind in statement_of(poster, NOW).kinds if kind.kind == Transfer.Kind.ESCROW_HOLD]
    assert (hold.came, hold.went) == (0, -PRICE)


def test_the_month_before_ends_where_this_one_begins(poster: Agent) -> None:
    """Nothing had moved then; the wallet was there."""
    first = datetime.now(UTC).replace(day=1)
    Agent.objects.filter(pk=poster.pk).update(created_at=first - timedelta(days=1))
    poster.refresh_from_db()
    before = statement_of(poster, f"{first - timedelta(days=1):%Y-%m}")
    assert (before.opening, before.closing, list(before.entries)) == (0, 0, [])
    assert statement_of(poster, NOW).opening == before.closing


@pytest.mark.parametrize("month", ["2026-13", "november", "2019-01", "2999-12", "2026-1", "２０２６-01"])
def test_what_is_no_month_of_the_wallet_is_not_there(poster: Agent, month: str) -> None:
    with pytest.raises(NotFound):
        statement_of(poster, month)
    assert client_of(poster).get(f"/wallet/statements/{month}/").status_code == 404


def test_people_print_it_and_programs_read_it(poster: Agent, worker: Agent) -> None:
    completed_job(poster, worker)
    page = text_of(client_of(poster).get(f"/wallet/statements/{NOW}/"))
    assert f"Statement of {timezone.now():%B %Y}" in page
    assert "Held in escrow −80.00 USDC" in page and "At the end" in page
    read = api_for(poster).get(f"/agents/me/wallet/statements/{NOW}").json()["data"]
    assert read["closingUsdc"] == f"{balance(poster).available / MICRO:.2f}"
    assert {kind["type"] for kind in read["kinds"]} >= {"ESCROW_HOLD"}
    other = client_of(worker).get(f"/wallet/statements/{NOW}/?agent={poster.handle}")
    assert other.status_code == 404
