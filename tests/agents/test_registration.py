"""Agents register themselves, without an owner, and say where their own wallet is."""

from typing import Any

import pytest
from django.db.models.functions import Now

from agents import keys
from agents.keys import KeyForm
from agents.models import Agent, ApiKey
from agents.services import mint_api_key, register_agent
from marketplace.errors import MarketError
from marketplace.events.models import Event
from marketplace.events.types import sentence
from marketplace.logs import hide_secrets
from marketplace.money import MICRO
from tests.factories import assigned_job, fund, make_agent, make_bid, open_job
from tests.fixtures import ApiClient
from wallets.models import BonusGrant
from wallets.queries import balance, deposit_address

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture(autouse=True)
def bonus(settings: Any) -> None:
    settings.AGENT_BONUS, settings.SIGNUP_BONUS_BUDGET = 100 * MICRO, 250 * MICRO


def register(api: ApiClient, **body: Any) -> Any:
    return api.post("/agents/register", {"name": "Quill", **body})


def test_an_agent_registers_itself_and_deals_at_once(anonymous_api: ApiClient, poster: Agent) -> None:
    response = register(anonymous_api, id="quill", skills=["writing"], walletAddress=WALLET.lower())
    assert response.status_code == 201
    data = response.json()["data"]
    assert data["agent"]["id"] == data["agentId"] == "quill"
    assert data["agent"]["walletAddress"] == WALLET
    api = ApiClient(data["rawKey"])
    assert api.get("/agents/me").json()["data"]["status"] == "ACTIVE"
    assert api.get("/agents/me/wallet").json()["data"]["availableUsdc"] == "100.00"
    agent = Agent.objects.get(handle="quill")
    assert deposit_address(agent)
    assert make_bid(open_job(poster), agent).bidder == agent
    event = Event.objects.get(type="agent.created", audience=[agent.pk])
    assert sentence(event) == "Quill registered"


def test_the_bonus_buys_others_work_and_is_never_withdrawn(anonymous_api: ApiClient) -> None:
    """M2: what the worker earned with it is the worker's."""
    api = ApiClient(register(anonymous_api).json()["data"]["rawKey"])
    agent = Agent.objects.get(name="Quill")
    assigned_job(agent, make_agent(), price=60 * MICRO, budget=60 * MICRO)
    assert balance(agent).available == 40 * MICRO
    response = api.post("/agents/me/wallet/withdraw", {"toAddress": WALLET, "amountUsdc": "1"})
    assert response.status_code == 403
    # Nor with money of its own, as long as it is nobody's.
    fund(agent, 5 * MICRO)
    assert api.post("/agents/me/wallet/withdraw", {"toAddress": WALLET, "amountUsdc": "1"}).status_code == 403


def test_bonuses_end_with_their_budget(anonymous_api: ApiClient) -> None:
    for _ in range(4):
        assert register(anonymous_api).status_code == 201
    balances = [balance(agent).available for agent in Agent.objects.filter(name="Quill").order_by("id")]
    assert balances == [100 * MICRO, 100 * MICRO, 0, 0]


def test_one_source_gets_so_many_bonuses(anonymous_api: ApiClient, settings: Any) -> None:
    """M2: by the network that our proxies saw; within the time, after which it begins anew."""
    settings.SIGNUP_BONUS_BUDGET, settings.SIGNUP_BONUSES_PER_SOURCE = 1000 * MICRO, 2
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::4", "192.0.2.1"]
    for address in addresses:
        sent = {"x_forwarded_for": f"198.51.100.7, {address}"}
        assert anonymous_api.post("/agents/register", {"name": "Quill"}, **sent).status_code == 201
    balances = [balance(agent).available for agent in Agent.objects.filter(name="Quill").order_by("id")]
    assert balances == [100 * MICRO, 100 * MICRO, 0, 100 * MICRO]
    assert not BonusGrant.objects.filter(source__contains="2001").exists()
    BonusGrant.objects.update(created_at=Now() - settings.SIGNUP_BONUS_SOURCE_WINDOW)
    anonymous_api.post("/agents/register", {"name": "Quill"}, x_forwarded_for=addresses[0])
    assert balance(Agent.objects.filter(name="Quill").latest("id")).available == 100 * MICRO


def test_registrations_are_limited_by_address(anonymous_api: ApiClient, settings: Any, problem: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "registration": "1/h"}
    assert register(anonymous_api).status_code == 201
    assert problem(register(anonymous_api))[:2] == (429, "RATE_LIMITED")
    assert Agent.objects.filter(name="Quill").count() == 1


def test_registration_may_be_closed(anonymous_api: ApiClient, settings: Any, problem: Any) -> None:
    settings.AGENT_REGISTRATION = False
    assert problem(register(anonymous_api))[:2] == (403, "REGISTRATION_CLOSED")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": ""}, "name"),
        ({"id": "register"}, "id"),
        ({"walletAddress": "0x1"}, "walletAddress"),
        ({"walletAddress": "0x52908400098527886e0F7030069857D2E4169EE7"}, "walletAddress"),
    ],
)
def test_what_is_wrong_is_named(anonymous_api: ApiClient, problem: Any, body: Any, named: str) -> None:
    assert problem(register(anonymous_api, **body)) == (400, "VALIDATION_FAILED", [named])
    assert not Agent.objects.filter(name="Quill").exists()


def test_an_agent_says_where_its_own_wallet_is(worker_api: ApiClient, anonymous_api: ApiClient, problem: Any) -> None:
    """WIRE 1.4: readable by anybody, in the spelling of EIP-55; "" takes it back."""
    assert worker_api.get("/agents/me").json()["data"]["walletAddress"] is None
    data = worker_api.patch("/agents/me", {"walletAddress": WALLET.lower()}).json()["data"]
    assert data["walletAddress"] == WALLET
    assert anonymous_api.get(f"/agents/{data['id']}").json()["data"]["walletAddress"] == WALLET
    assert problem(worker_api.patch("/agents/me", {"walletAddress": "0x0"}))[2] == ["walletAddress"]
    assert worker_api.patch("/agents/me", {"walletAddress": ""}).json()["data"]["walletAddress"] is None


def test_one_secret_opens_under_every_prefix_of_its_form(worker: Agent, monkeypatch: Any) -> None:
    """And what is stored and shown of it is as short as its form says."""
    form = KeyForm(("first_", "second_"), lambda: "s" * 32, shown=2)
    monkeypatch.setattr(keys, "_forms", [*keys._forms, form])
    key, raw = mint_api_key(agent=worker, name="k", actor=worker, form=form, prefix="second_")
    assert (raw, key.prefix) == ("second_" + "s" * 32, "second_ss")
    for text, status in (("first_", 200), ("second_", 200), ("third_", 401), ("", 401)):
        assert ApiClient(text + "s" * 32).get("/agents/me").status_code == status
    assert ApiKey.objects.filter(digest=ApiKey.digest_of("first_" + "s" * 32)).get() == key


@pytest.mark.parametrize("prefix", ["mj_live_", "xy_", "abc_"])
def test_no_key_is_logged(prefix: str) -> None:
    """S2: whatever its form, a secret of 32 hex digits is left out."""
    told = hide_secrets(None, "info", {"event": f"key {prefix}{'0a' * 16} is wrong"})
    assert told["event"] == f"key {prefix}… is wrong"


def test_who_has_no_name_is_not_made(db: None) -> None:
    """The service refuses by itself too."""
    with pytest.raises(MarketError):
        register_agent(name="Quill", handle="me")
    assert not Agent.objects.filter(name="Quill").exists()
