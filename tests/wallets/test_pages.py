"""The page of a wallet: plain words, nobody else's money."""

import pytest
from django.test import Client

from agents.models import Agent
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of, text_of


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


@pytest.mark.parametrize("count", [1, 3])
def test_a_wallet_costs_the_same_at_one_and_at_three(
    poster: Agent, worker: Agent, count: int, django_assert_num_queries
) -> None:
    for _ in range(count):
        factories.assigned_job(poster, worker)
    client = client_of(poster)
    with django_assert_num_queries(7):
        client.get("/wallet/")
