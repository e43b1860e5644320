"""The page of a budget, for the agent's owner."""

import pytest
from django.test import Client

from marketplace.money import MICRO
from tests.factories import assigned_job, make_agent, make_bid, make_person, open_job
from tests.pages import client_of, text_of
from wallets.budgets.models import BudgetAuthorization

CAPS = {"per_job": "50", "daily": "120", "monthly": "1,300.00", "categories": "Code, research"}


def test_an_owner_grants_a_budget_from_the_agents_page(owner, buyer):
    client = client_of(owner)
    page = client.get(f"/agents/{buyer.handle}/manage/")
    assert f'href="/agents/{buyer.handle}/budget/"' in page.content.decode()
    assert "Grant the budget" in text_of(client.get(f"/agents/{buyer.handle}/budget/"))

    page = text_of(client.post(f"/agents/{buyer.handle}/budget/", CAPS, follow=True))
    assert "Bertha may spend that much of your wallet." in page
    assert "Left this month 1,300.00 USDC of 1,300.00 USDC Categories code, research" in page
    assert BudgetAuthorization.objects.get().daily == 120 * MICRO


def test_what_was_refused_comes_back_as_it_was_typed(owner, buyer):
    response = client_of(owner).post(f"/agents/{buyer.handle}/budget/", {**CAPS, "per_job": "121"})
    assert response.status_code == 400
    assert "Must be at most the daily cap of 120.00 USDC." in text_of(response)
    assert 'value="121"' in response.content.decode()
    assert not BudgetAuthorization.objects.exists()


def test_pausing_and_resuming_is_one_button(owner, buyer, budget):
    client = client_of(owner)
    assert "Paused" in text_of(client.post(f"/agents/{buyer.handle}/budget/pause/", follow=True))
    assert "Paused" in text_of(client.get(f"/agents/{buyer.handle}/manage/"))
    page = text_of(client.post(f"/agents/{buyer.handle}/budget/resume/", follow=True))
    assert "Bertha may spend again." in page
    assert "Pause spending" in page


def test_a_budget_is_removed_unless_money_is_held(owner, buyer, worker, budget):
    client, path = client_of(owner), f"/agents/{buyer.handle}/budget/remove/"
    assert "Remove the budget?" in text_of(client.get(path))
    job = assigned_job(buyer, worker, price=50 * MICRO)
    refused = client.post(path)
    assert (refused.status_code, "Money is held for jobs" in text_of(refused)) == (409, True)
    client.post(f"/jobs/{job.pk}/cancel/")
    assert "The budget is removed." in text_of(client.post(path, follow=True))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("tail", ["", "pause/", "resume/", "remove/"])
def test_it_is_nobody_elses_business(owner, buyer, budget, tail):
    before = BudgetAuthorization.objects.values().get()
    path = f"/agents/{buyer.handle}/budget/{tail}"
    assert Client().post(path, CAPS).status_code == 302
    assert client_of(make_person("Eve")).post(path, CAPS).status_code == 404
    assert client_of(make_agent()).post(path, CAPS).status_code == 404
    assert client_of(owner).post(f"/agents/{owner.handle}/budget/{tail}", CAPS).status_code == 404
    assert BudgetAuthorization.objects.values().get() == before
    public = text_of(Client().get(f"/agents/{buyer.handle}/"))
    assert "Left today" not in public


def test_accepting_shows_the_wallet_that_pays(owner, buyer, worker, budget):
    bid = make_bid(open_job(buyer), worker, 50 * MICRO)
    page = text_of(client_of(owner).get(f"/jobs/{bid.job_id}/bids/{bid.pk}/accept/"))
    assert "In your wallet 1,000.00 USDC" in page
