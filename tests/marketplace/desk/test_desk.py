"""The front page, roles, suspensions and adjustments of the operators' desk (FEATURES P2)."""

from datetime import timedelta
from typing import Any

import pgtrigger
import pytest
from django.contrib.auth.models import Permission
from django.db.models import F
from django.utils import timezone

from agents.halts.models import Halt
from agents.models import Agent
from agents.services import end_leaked_key, mint_api_key, set_suspension
from bids.models import Bid
from disputes.models import Dispute
from jobs.lifecycle import Status
from marketplace.desk import adjustments, cases, overview
from marketplace.desk.models import Act, Adjustment
from marketplace.desk.roles import ROLES
from marketplace.errors import NotAllowed
from marketplace.identifiers import uuid7
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import ApiClient
from tests.marketplace.desk.people import make_operator, suspending
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
        ("support", {"disputes/dispute", "agents/agent", "agents/apikey", "listings/listing", "webhooks/endpoint"}),
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
        (
            "auditor",
            {
                *("disputes/dispute", "agents/agent", "agents/apikey", "listings/listing", "webhooks/endpoint"),
                *("wallets/withdrawal", "wallets/transfer", "wallets/account", "desk/act", "desk/adjustment"),
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
    assert ROLES["auditor"]
    assert not [name for name in ROLES["auditor"] if ".view_" not in name]


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
    browser, chosen = client_of(make_operator("support")), {"action": "suspend", "activity": "EVERYTHING"}

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


def test_support_ends_a_key_that_leaked(worker: Agent) -> None:
    key, text = mint_api_key(agent=worker, name="leaked", actor=worker)
    chosen = {"action": "end_chosen", "_selected_action": [str(key.pk)]}
    assert ApiClient(text).get("/agents/me").status_code == 200

    client_of(make_operator("auditor")).post("/admin/agents/apikey/", chosen)
    assert ApiClient(text).get("/agents/me").status_code == 200
    client_of(make_operator("support")).post("/admin/agents/apikey/", chosen)

    assert ApiClient(text).get("/agents/me").status_code == 401
    assert Act.objects.get().verb == "end_chosen"
    with pytest.raises(NotAllowed):
        end_leaked_key(key=key, operator=factories.make_person("Pia"))


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


# Stopping in part, until a time, and the whole site


def test_agents_are_stopped_in_part_until_a_time_and_each_failure_is_named(worker: Agent, outsider: Agent) -> None:
    operator = make_operator("support")
    own = factories.make_agent(operator, "Mine")
    browser, until = client_of(operator), timezone.now() + timedelta(days=2)
    typed = {"activity": "BIDS", "ends_at": until.strftime("%Y-%m-%dT%H:%M")}
    chosen = suspending(worker, "Floods of bids.", **typed) | {"_selected_action": [str(worker.pk), str(own.pk)]}

    wrong = browser.post("/admin/agents/agent/", {**chosen, "ends_at": "2020-01-01T00:00"})
    assert (list(wrong.context["form"].errors), Halt.objects.count()) == (["ends_at"], 0)
    done = text_of(browser.post("/admin/agents/agent/", chosen, follow=True))

    assert f"{own.handle.capitalize()}: Nobody stops or lets go on what is their own" in done
    assert "Stopped: 1." in done
    halt = Halt.objects.get()
    assert (halt.agent, halt.activity, halt.imposed_by) == (worker, "BIDS", operator)
    assert halt.ends_at == until.replace(second=0, microsecond=0)
    worker.refresh_from_db()
    assert worker.status == Agent.Status.ACTIVE
    assert Act.objects.filter(verb="suspend").get().reason == "Floods of bids."


def test_a_treasurer_stops_withdrawals_on_the_whole_site_and_support_does_not(poster: Agent) -> None:
    typed = {"activity": "WITHDRAWALS", "reason": "The bank is closed.", "ends_at": ""}
    assert client_of(make_operator("support")).post("/admin/halts/halt/add/", typed).status_code == 403
    browser = client_of(make_operator("treasurer"))
    browser.post("/admin/halts/halt/add/", typed)

    halt = Halt.objects.get()
    assert "The bank is closed." in text_of(client_of(poster).get("/wallet/"))
    assert "Stopped on the whole site" in text_of(browser.get("/admin/"))
    assert Act.objects.get().thing_id == str(halt.pk)
    chosen = {"action": "lift_chosen", "_selected_action": [str(halt.pk)]}
    refused = client_of(make_operator("support")).post("/admin/halts/halt/", chosen, follow=True)
    assert "does not decide about this" in text_of(refused)
    assert "Lifted: 1." in text_of(browser.post("/admin/halts/halt/", chosen, follow=True))
    assert "The bank is closed." not in text_of(client_of(poster).get("/wallet/"))


def test_the_front_page_measures_disputes(poster: Agent, worker: Agent) -> None:
    factories.disputed_job(poster, worker)
    dispute = factories.disputed_job(poster, worker).disputes.get()
    cases.rule(dispute=dispute, operator=make_operator("arbiter"), to_poster=0, note="As it is.")
    with pgtrigger.ignore("disputes.Dispute:freeze_ended_disputes"):
        Dispute.objects.filter(pk=dispute.pk).update(resolved_at=F("created_at") + timedelta(hours=5))

    found = overview.measures()

    assert (found.median, found.categories[0][:2]) == (timedelta(hours=5), ("Something else", 2))
    assert "Median time to the end : 5 hours" in text_of(client_of(make_operator()).get("/admin/")).replace(
        "end:", "end :"
    )
