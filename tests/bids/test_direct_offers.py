"""Direct offers: for one agent, seen by nobody else, taken or declined (DESIGN, Words)."""

import pytest
from django.test import Client

from agents.models import Agent
from agents.services import set_suspension
from bids.services import DirectOffer, OfferUnpaid, accept_offer, decline_offer, hire_agent
from jobs import services as jobs
from jobs.models import Job
from jobs.queries import jobs_of
from jobs.reputation.services import compute
from jobs.reviews.services import approve_and_review, reveal_reviews
from jobs.rules import WrongStatus, available_actions
from jobs.tasks import match_new_jobs
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from tests.factories import BUDGET, FUNDS, draft_job, make_agent, make_bid, make_person, open_job
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, text_of
from wallets.queries import balance, escrow_balance

pytestmark = pytest.mark.django_db


def offered_job(poster: Agent, invited: Agent, fund_on: str = "publish", **changes: object) -> Job:
    terms = {"bidding": "direct", "fund_on": fund_on}
    return open_job(poster, invited=invited, title="A secret errand", terms=terms, **changes)


def told(agent: Agent) -> list[str]:
    return list(
        Event.objects.filter(audience__contains=[agent.pk], job__isnull=False)
        .order_by("id")
        .values_list("type", flat=True)
    )


@pytest.mark.parametrize("fund_on", ["publish", "assign", "never"])
def test_the_agent_takes_it_at_the_budget(poster, worker, fund_on):
    job = offered_job(poster, worker, fund_on)
    assert told(worker) == ["job.offered"]
    job = accept_offer(job=job, actor=worker)
    assert (job.status, job.worker, job.price) == ("ASSIGNED", worker, BUDGET)
    assert escrow_balance(job) == (0 if fund_on == "never" else BUDGET)


@pytest.mark.parametrize("fund_on", ["publish", "assign", "never"])
def test_declining_ends_it_with_a_full_refund(poster, worker, fund_on):
    job = offered_job(poster, worker, fund_on)
    job = decline_offer(job=job, actor=worker, reason="No time.")
    money = balance(poster)
    assert (job.status, money.available, money.held) == ("CANCELLED", FUNDS, 0)
    declined = Event.objects.get(type="job.declined")
    assert (declined.actor, declined.data["reason"]) == (worker, "No time.")
    with pytest.raises(WrongStatus):
        accept_offer(job=job, actor=worker)


def test_its_owner_answers_for_it_and_nobody_else(poster, outsider):
    owner = make_person("Olga")
    agent = make_agent(owner)
    job = offered_job(poster, agent)
    for stranger in (poster, outsider):
        for answer in (accept_offer, decline_offer):
            with pytest.raises(NotAllowed):
                answer(job=job, actor=stranger)
    assert available_actions(job, owner) == ["accept-offer", "decline"]
    assert available_actions(job, poster) == ["update", "cancel"]
    assert accept_offer(job=job, actor=owner).worker == agent


def test_it_takes_no_bids_and_nobody_is_hired_over_the_agents_head(poster, worker, outsider):
    job = offered_job(poster, worker)
    for bidder in (worker, outsider):
        with pytest.raises(DirectOffer):
            make_bid(job, bidder)
    for agent in (worker, outsider):
        with pytest.raises(DirectOffer):
            hire_agent(job=job, agent=agent, actor=poster)


def test_nobody_else_finds_it_behind_any_door(poster, worker, outsider):
    job = offered_job(poster, worker, vertical="research")
    Agent.objects.filter(pk=outsider.pk).update(vertical="research")
    assert match_new_jobs() == 0
    for reader in (outsider, make_person("Nosy"), None):
        api = api_for(reader) if reader else ApiClient()
        browser = client_of(reader) if reader else Client()
        for address in ("/jobs", "/jobs?q=errand", f"/jobs?posterId={poster.pk}", f"/agents/{worker.handle}/jobs"):
            assert job.title not in api.get(address).text, address
        for address in ("", "/bids", "/events"):
            assert api.get(f"/jobs/{job.pk}{address}").status_code == (404 if reader else 401), address
        for address in ("/jobs/", "/jobs/?q=errand", "/", f"/agents/{worker.handle}/"):
            assert job.title not in text_of(browser.get(address)), address
        assert browser.get(f"/jobs/{job.pk}/").status_code == 404
    assert told(outsider) == []


def test_its_two_sides_read_it_also_once_it_is_taken(poster, worker, outsider):
    job = offered_job(poster, worker)
    for side in (poster, worker):
        shown = api_for(side).get(f"/jobs/{job.pk}").json()["data"]
        assert (shown["invitedAgentId"], shown["isPubliclyShareable"]) == (worker.handle, False)
        assert job.title in text_of(client_of(side).get("/jobs/"))
    accept_offer(job=job, actor=worker)
    assert (jobs_of(worker, worker).count(), jobs_of(worker, outsider).count()) == (1, 0)


def test_what_the_posters_wallet_holds_is_not_told(worker):
    poor = make_person("Poor", funds=BUDGET - 1)
    job = offered_job(poor, worker, "assign")
    with pytest.raises(OfferUnpaid) as refusal:
        accept_offer(job=job, actor=worker)
    assert (refusal.value.extra, "99.99" in refusal.value.detail) == ({}, False)
    job.refresh_from_db()
    assert job.status == "OPEN"


def test_an_agent_hires_nobody_while_its_owner_is_suspended(worker):
    """The money is the owner's."""
    boss = make_person("Olga")
    job = offered_job(make_agent(boss, funds=FUNDS), worker, "assign")
    set_suspension(agent=boss, suspended=True, actor=make_person("Otto", is_staff=True))
    with pytest.raises(OfferUnpaid):
        accept_offer(job=job, actor=worker)
    assert escrow_balance(job) == 0


def test_an_offer_needs_its_agent_and_an_agent_an_offer(poster, worker):
    mine = make_agent(poster)
    wrong = [
        {"terms": {"bidding": "direct"}},
        {"invited": worker},
        {"invited": mine, "terms": {"bidding": "direct"}},
    ]
    for changes in wrong:
        with pytest.raises(Invalid) as refusal:
            open_job(poster, **changes)
        assert [error.field for error in refusal.value.errors] == ["invitedAgentId"]


@pytest.mark.parametrize("changes", [{"title": "Another"}, {"description": "Another."}, {"input_data": {"a": 1}}])
def test_what_is_asked_stays_while_the_offer_waits(poster, worker, changes):
    """Or the agent would say yes to what it has not read. A draft may still change, and other things: it is told."""
    draft = draft_job(poster, invited=worker, terms={"bidding": "direct"})
    jobs.update_job(job=draft, actor=poster, **changes)
    assert told(worker) == []
    job = offered_job(poster, worker)
    with pytest.raises(Invalid, match="cancel the job and post it anew") as refusal:
        jobs.update_job(job=job, actor=poster, **changes)
    assert [error.field for error in refusal.value.errors] == [{"input_data": "inputData"}.get(*[*changes] * 2)]
    jobs.update_job(job=job, actor=poster, vertical="errands")
    assert told(worker) == ["job.offered", "job.updated"]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"bidding": "sealed_bid", "biddingWindowSeconds": 3600}, "invitedAgentId"),
        ({"biddingWindowSeconds": 3600}, "terms.biddingWindowSeconds"),
        ({"autoAccept": True}, "terms.biddingWindowSeconds"),
    ],
)
def test_an_offer_that_others_should_bid_on_is_refused(poster, worker, terms, field):
    """On the pages one cannot ask for it: tests/jobs/drafts/test_steps.py."""
    body = {"title": "An errand", "budgetUsdc": "100", "invitedAgentId": worker.handle, "terms": terms}
    refused = api_for(poster).post("/jobs", body)
    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (400, [field])
    assert not Job.objects.exists()


def test_a_draft_is_not_offered_yet(poster, worker):
    job = draft_job(poster, invited=worker, terms={"bidding": "direct"})
    assert api_for(worker).get(f"/jobs/{job.pk}").status_code == 404
    assert told(worker) == []
    jobs.publish_job(job=job, actor=poster)
    assert told(worker) == ["job.offered"]


def test_an_offer_over_http(poster, poster_api, worker, worker_api, problem):
    """Posting with `invitedAgentId` holds the budget; accept-offer and decline answer."""
    body = {"title": "An errand", "budgetUsdc": "100", "invitedAgentId": worker.handle}
    made = poster_api.post("/jobs", body).json()["data"]
    assert (made["terms"]["bidding"], made["terms"]["fundOn"], made["escrowFunded"]) == ("direct", "publish", True)
    assert problem(poster_api.post(f"/jobs/{made['id']}/accept-offer"))[0] == 403
    taken = worker_api.post(f"/jobs/{made['id']}/accept-offer").json()["data"]
    assert (taken["status"], taken["agentId"]) == ("ASSIGNED", worker.handle)
    other = poster_api.post("/jobs", body).json()["data"]
    declined = worker_api.patch(f"/jobs/{other['id']}/decline", {"reason": "No time."}).json()["data"]
    assert (declined["status"], balance(poster).held) == ("CANCELLED", 100_000_000)
    assert problem(poster_api.post("/jobs", {**body, "invitedAgentId": "nobody"}))[2] == ["invitedAgentId"]


def test_a_review_of_an_offer_tells_outsiders_nothing_of_it(poster, worker, outsider, anonymous_api):
    """Only who may know of the job reads what was said of it; the stars count for all."""
    job = accept_offer(job=offered_job(poster, worker), actor=worker)
    job = jobs.start_job(job=job, actor=worker)
    job = jobs.submit_output(job=job, actor=worker, output_data={"report": "Done."})
    reveal_reviews(job=approve_and_review(job=job, actor=poster, rating=4, review="Kept the secret."))
    compute([worker.pk])
    path = f"/agents/{worker.handle}"
    for api in (anonymous_api, api_for(outsider)):
        answer = api.get(f"{path}/reviews")
        assert (answer.status_code, answer.json()["data"]) == (200, [])
        assert api.get(path).json()["data"]["ratingAverage"] == 4
    for page in (Client().get(f"{path}/"), client_of(outsider).get(f"{path}/")):
        assert page.status_code == 200
        assert "secret" not in page.content.decode()
        assert str(job.pk) not in page.content.decode()
    for reader in (poster, worker):
        [review] = api_for(reader).get(f"{path}/reviews").json()["data"]
        assert review["jobTitle"] == "A secret errand"
        assert "Kept the secret." in text_of(client_of(reader).get(f"{path}/"))


def test_an_offer_on_the_pages(poster, worker):
    job = offered_job(poster, worker)
    owner = client_of(worker)
    offer = text_of(owner.get(f"/jobs/{job.pk}/"))
    assert "Paula offers this job for 100.00 USDC , of which 95.00 USDC is yours" in offer
    assert "Take the job Decline" in offer
    assert "Waiting for Wanda" in text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
    assert "Wanda receives 95.00 USDC" in text_of(owner.get(f"/jobs/{job.pk}/offer/accept/"))
    owner.post(f"/jobs/{job.pk}/offer/accept/")
    job.refresh_from_db()
    assert job.worker == worker
    assert "took the offer" in text_of(owner.get(f"/jobs/{job.pk}/"))
    other = offered_job(poster, worker)
    assert "has all of the money back" in text_of(owner.get(f"/jobs/{other.pk}/offer/decline/"))
    owner.post(f"/jobs/{other.pk}/offer/decline/", {"reason": "No time."})
    other.refresh_from_db()
    assert other.status == "CANCELLED"
