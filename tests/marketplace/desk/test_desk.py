"""The front page, roles, suspensions and adjustments of the operators' desk (FEATURES P2)."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from agents.models import Agent
from agents.services import set_suspension
from bids.models import Bid
from jobs.lifecycle import Status
from marketplace.desk import adjustments, overview
from marketplace.desk.models import Adjustment
from marketplace.desk.roles import ROLES
from marketplace.errors import NotAllowed
from marketplace.identifiers import uuid7
from marketplace.money import MICRO
from tests import factories
from tests.marketplace.desk.people import make_operator
from tests.pages import client_of, text_of
from wallets.audit.seals import seal_transfers
from wallets.models import Account
from wallets.queries import balance
from wallets.services import NeedsConfirmation, adjust_balance

pytestmark = pytest.mark.django_db


# Roles


def test_every_permission_of_a_role_exists() -> None:
    known = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }
    assert {name for names in ROLES.values() for name in names} - known == set()


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        ("support", {"disputes/dispute", "agents/agent", "listings/listing", "webhooks/endpoint"}),
        ("arbiter", {"disputes/dispute", "agents/agent", "listings/listing", "wallets/transfer"}),
        (
            "treasurer",
            {
                "agents/agent",
                "wallets/withdrawal",
                "wallets/transfer",
                "wallets/account",
                "desk/act",
                "desk/adjustment",
            },
        ),
    ],
)
def test_a_role_opens_the_lists_that_its_work_needs(role: str, opens: set[str]) -> None:
    browser = client_of(make_operator(role))
    lists = [
        *("disputes/dispute", "agents/agent", "agents/user", "agents/apikey", "listings/listing", "webhooks/endpoint"),
        *("wallets/account", "wallets/transfer", "wallets/withdrawal", "desk/act", "desk/adjustment", "auth/group"),
    ]
    assert {name for name in lists if browser.get(f"/admin/{name}/").status_code == 200} == opens
    assert browser.get("/admin/").status_code == 200


# The front page


def test_the_front_page_counts_what_waits_and_leads_to_the_list_that_shows_it(poster: Agent, worker: Agent) -> None:
    factories.disputed_job(poster, worker)
    browser = client_of(make_operator())

    page = browser.get("/admin/")

    tiles = {str(tile.name): tile for tile in page.context["queues"]}
    assert tiles["Disputes in negotiation"].count == tiles["Disputes that nobody holds"].count == 1
    assert tiles["Disputes in arbitration"].count == 0
    for tile in tiles.values():
        answer = browser.get(tile.address)
        assert answer.status_code == 200, tile
        assert len(answer.context["cl"].queryset) == tile.count, tile


def test_a_role_sees_the_queues_of_its_own_work() -> None:
    shown = {
        role: {str(tile.name) for tile in client_of(make_operator(role)).get("/admin/").context["queues"]}
        for role in ROLES
    }
    assert "Stuck withdrawals" in shown["treasurer"]
    assert "Stuck withdrawals" not in shown["support"] | shown["arbiter"]
    assert "Listings to verify" in shown["support"]


def test_the_charts_show_what_is_held_and_the_books_what_was_found(poster: Agent, worker: Agent, settings: Any) -> None:
    settings.SEAL_MARGIN_SECONDS = -1.0
    factories.assigned_job(poster, worker)
    seal_transfers()

    assert [chart.now for chart in overview.charts()][1] == "80.00"
    text = text_of(client_of(make_operator()).get("/admin/"))
    assert "Held in escrow, USDC 80.00" in text
    assert "assets are what is owed and earned" in text


# Suspensions


def test_a_suspension_shows_what_becomes_of_deals_and_does_just_that(poster: Agent, worker: Agent) -> None:
    other = factories.make_person("Olaf", funds=factories.FUNDS)
    bid = factories.wanted_job(other, factories.make_agent(poster, "Helper"))
    mine = factories.open_job(poster, title="Paint the fence", terms={"fund_on": "publish"})
    agreed = factories.started_job(poster, worker, title="Count the sheep")
    own_bid = factories.make_bid(bid.job, worker)
    browser, chosen = client_of(make_operator("support")), {"action": "suspend"}

    asked = browser.post("/admin/agents/agent/", {**chosen, "_selected_action": [str(poster.pk), str(worker.pk)]})
    text = text_of(asked)
    assert "Ends : Paint the fence" in text.replace("Ends:", "Ends :")
    assert "Goes on: Count the sheep" in text
    poster.refresh_from_db()
    assert poster.status == Agent.Status.ACTIVE

    confirmed = {**chosen, "_selected_action": [str(poster.pk), str(worker.pk)], "confirmed": "1"}
    assert browser.post("/admin/agents/agent/", {**confirmed, "reason": ""}).status_code == 200
    browser.post("/admin/agents/agent/", {**confirmed, "reason": "Spam."})

    for row in (poster, worker, mine, agreed, own_bid, bid):
        row.refresh_from_db()
    assert (poster.status, worker.status) == (Agent.Status.SUSPENDED, Agent.Status.SUSPENDED)
    assert (mine.status, agreed.status) == (Status.CANCELLED, Status.IN_PROGRESS)
    assert (own_bid.status, bid.status) == (Bid.Status.WITHDRAWN, Bid.Status.PENDING)
    assert balance(poster).available == factories.FUNDS - factories.PRICE

    browser.post("/admin/agents/agent/", {"action": "unsuspend", "_selected_action": [str(poster.pk)]})
    poster.refresh_from_db()
    assert poster.status == Agent.Status.ACTIVE


# Adjustments


def adjust(operator: Agent, agent: Agent, amount: str) -> Any:
    account = Account.objects.get(owner=agent, kind=Account.Kind.AVAILABLE)
    typed = {"amount": amount, "reason": "Paid in twice.", "key": str(uuid7())}
    return client_of(operator).post(f"/admin/wallets/account/{account.pk}/adjust/", typed, follow=True)


def test_a_large_adjustment_waits_for_a_second_operator(poster: Agent, settings: Any) -> None:
    settings.ADJUSTMENT_ALONE_UP_TO = 10 * MICRO
    first, second = make_operator("treasurer"), make_operator("treasurer", name="Anton")

    assert "waits until a second operator" in text_of(adjust(first, poster, "-10.000001"))
    waiting = Adjustment.objects.get()
    address = f"/admin/desk/adjustment/{waiting.pk}"
    assert balance(poster).available == factories.FUNDS
    refused = client_of(first).post(f"{address}/confirm/", follow=True)
    assert "Somebody else than who proposed it" in text_of(refused)
    assert client_of(make_operator("arbiter")).post(f"{address}/confirm/").status_code == 403

    assert "Posted" in text_of(client_of(second).post(f"{address}/confirm/", follow=True))
    assert balance(poster).available == factories.FUNDS - 10_000_001
    assert "confirmed or declined before" in text_of(client_of(second).post(f"{address}/confirm/", follow=True))
    assert balance(poster).available == factories.FUNDS - 10_000_001


def test_a_declined_adjustment_moves_nothing(poster: Agent, settings: Any) -> None:
    settings.ADJUSTMENT_ALONE_UP_TO = 0
    first, second = make_operator("treasurer"), make_operator("treasurer", name="Anton")
    adjust(first, poster, "5")
    [waiting] = Adjustment.objects.all()

    client_of(first).post(f"/admin/desk/adjustment/{waiting.pk}/decline/")
    with pytest.raises(adjustments.AdjustmentDecided):
        adjustments.confirm(adjustment=waiting, operator=second)
    assert balance(poster).available == factories.FUNDS


def test_no_way_around_the_second_operator(poster: Agent, settings: Any) -> None:
    """The verb itself refuses, whoever calls it; so does a second one who is the first, or owns the wallet."""
    settings.ADJUSTMENT_ALONE_UP_TO = 10 * MICRO
    first, owner = make_operator("treasurer"), make_operator("treasurer", name="Owen")
    words = {"amount": 11 * MICRO, "reason": "Paid twice.", "key": "k", "actor": first}
    for second in (None, first):
        with pytest.raises(NeedsConfirmation):
            adjust_balance(agent=poster, confirmed_by=second, **words)
    with pytest.raises(NotAllowed):
        adjust_balance(agent=factories.make_agent(owner), confirmed_by=owner, **words)
    with pytest.raises(NotAllowed):
        adjust_balance(agent=poster, confirmed_by=poster, **words)


def test_an_operator_who_is_barred_stays_outside(db: None) -> None:
    operator = make_operator()
    assert client_of(operator).get("/admin/").status_code == 200
    set_suspension(agent=operator, suspended=True, actor=make_operator(name="Root"))
    for path in ("/admin/", "/admin/screening/flag/", "/admin/agents/agent/"):
        assert client_of(operator).get(path, follow=True).status_code == 403
