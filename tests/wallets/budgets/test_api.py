"""Budgets over HTTP (FEATURES F11)."""

import pytest

from agents.models import Agent
from marketplace.money import MICRO
from tests.factories import assigned_job, make_agent, make_person
from tests.fixtures import ApiClient, api_for, count_queries
from wallets.budgets.models import BudgetAuthorization
from wallets.budgets.services import grant_budget

CAPS = {"perJobUsdc": "50", "dailyUsdc": 120, "monthlyUsdc": "300.00"}
MEMBERS = {
    *("id", "agentId", "payerId", "perJobUsdc", "dailyUsdc", "monthlyUsdc", "spentTodayUsdc", "spentThisMonthUsdc"),
    *("leftTodayUsdc", "leftThisMonthUsdc", "dayResetsAt", "monthResetsAt", "categories", "paused", "pausedAt"),
    *("createdAt", "updatedAt"),
}


@pytest.fixture
def owner_api(owner: Agent) -> ApiClient:
    return api_for(owner)


@pytest.fixture
def address(buyer: Agent) -> str:
    return f"/agents/{buyer.handle}/budget"


def test_a_budget_is_granted_changed_paused_resumed_and_removed(owner, buyer, owner_api, address):
    assert owner_api.get(address).status_code == 404
    granted = owner_api.send("PUT", address, {**CAPS, "allowedCategories": ["Code"]})
    budget = granted.json()["data"]
    assert (granted.status_code, budget.keys()) == (200, MEMBERS)
    assert (budget["agentId"], budget["payerId"], budget["categories"]) == (buyer.handle, owner.handle, ["code"])
    assert [budget[name] for name in ("perJobUsdc", "dailyUsdc", "monthlyUsdc")] == ["50.00", "120.00", "300.00"]

    changed = owner_api.patch(address, {"dailyUsdc": "200", "categories": []}).json()["data"]
    assert (changed["dailyUsdc"], changed["perJobUsdc"], changed["categories"]) == ("200.00", "50.00", [])
    for verb, paused in (("pause", True), ("resume", False)):
        answer = owner_api.post(f"{address}/{verb}")
        assert (answer.status_code, answer.json()["data"]["paused"]) == (200, paused)

    removed = owner_api.delete(address)
    assert (removed.status_code, removed.json()["data"].keys()) == (200, MEMBERS | {"message"})
    assert not BudgetAuthorization.objects.exists()


def test_what_is_spent_and_left_is_told(buyer, worker, budget, owner_api, address):
    assigned_job(buyer, worker, price=50 * MICRO)
    for api in (owner_api, api_for(buyer)):
        told = api.get(address).json()["data"]
        assert (told["spentTodayUsdc"], told["leftTodayUsdc"]) == ("50.00", "70.00")
        assert (told["spentThisMonthUsdc"], told["leftThisMonthUsdc"]) == ("50.00", "250.00")
        assert told["dayResetsAt"].endswith("T00:00:00.000Z")
        assert told["monthResetsAt"].endswith("-01T00:00:00.000Z")


def test_the_agent_hires_with_its_key_until_a_cap_says_no(buyer, worker, budget):
    api = api_for(buyer)
    job = api.post("/jobs", {"title": "Draw", "budgetUsdc": "90"}).json()["data"]
    bid = api_for(worker).post(f"/jobs/{job['id']}/bids", {"amount": "60"}).json()["data"]
    refused = api.post(f"/jobs/{job['id']}/bids/{bid['id']}/accept")
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (402, "BUDGET_PER_JOB_EXCEEDED")
    assert problem["detail"] == "The cap per job is 50.00 USDC; 50.00 is left for this job."
    assert (problem["cap"], problem["capUsdc"], problem["leftUsdc"]) == ("perJob", "50.00", "50.00")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "pause", "resume"])
def test_the_agents_own_key_reads_and_changes_nothing(buyer, budget, address, problem, method):
    before = BudgetAuthorization.objects.values().get()
    verb, tail = ("POST", f"/{method}") if method.islower() else (method, "")
    answer = api_for(buyer).send(verb, address + tail, {**CAPS, "dailyUsdc": "250"})
    assert problem(answer)[:2] == (403, "FORBIDDEN")
    assert BudgetAuthorization.objects.values().get() == before


def test_nobody_else_reads_it(budget, address, problem):
    for stranger in (make_agent(), make_person("Eve")):
        assert problem(api_for(stranger).get(address))[0] == 403
    assert ApiClient().get(address).status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"perJobUsdc": "121"}, "perJobUsdc"),
        ({"dailyUsdc": "301"}, "dailyUsdc"),
        ({"perJobUsdc": "0"}, "perJobUsdc"),
        ({"perJobUsdc": "1e2"}, "perJobUsdc"),
        ({"monthlyUsdc": True}, "monthlyUsdc"),
        ({"monthlyUsdc": "1.0000001"}, "monthlyUsdc"),
        ({"dailyUsdc": None}, "dailyUsdc"),
        ({"categories": "code"}, "categories"),
        ({"allowedCategories": ["x" * 51]}, "allowedCategories.0"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_sent(owner_api, address, problem, changes, field):
    assert problem(owner_api.send("PUT", address, {**CAPS, **changes})) == (400, "VALIDATION_FAILED", [field])
    assert not BudgetAuthorization.objects.exists()


def test_a_change_is_checked_against_what_stays(budget, owner_api, address, problem):
    assert problem(owner_api.patch(address, {"perJobUsdc": "121"})) == (400, "VALIDATION_FAILED", ["perJobUsdc"])
    assert problem(owner_api.patch(address, {"monthlyUsdc": "119"})) == (400, "VALIDATION_FAILED", ["monthlyUsdc"])


def test_it_is_not_removed_while_money_is_held(buyer, worker, budget, owner_api, address, problem):
    assigned_job(buyer, worker, price=50 * MICRO)
    refused = owner_api.delete(address)
    assert (problem(refused), refused.json()["activeJobs"]) == ((409, "BUDGET_IN_USE", []), 1)


def test_the_list_has_ones_own_and_takes_the_same_queries_at_any_length(owner, buyer, budget, owner_api):
    eve = make_person("Eve")
    grant_budget(agent=make_agent(eve), actor=eve, per_job=1, daily=1, monthly=1)
    few = count_queries(owner_api, "/budget-authorizations")
    second = make_agent(owner)
    grant_budget(agent=second, actor=owner, per_job=1, daily=1, monthly=1)
    assert count_queries(owner_api, "/budget-authorizations") == few
    listed = owner_api.get("/budget-authorizations").json()
    assert [one["agentId"] for one in listed["data"]] == [second.handle, buyer.handle]
    assert listed["meta"] == {"nextCursor": None, "total": None}
    assert [one["agentId"] for one in api_for(buyer).get("/budget-authorizations").json()["data"]] == [buyer.handle]
