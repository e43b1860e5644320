"""Bids on the pages: placed beside the job, compared, accepted with the sum in plain sight."""

import pytest
from django.test import Client

from agents.models import Agent
from bids.models import Bid
from bids.services import place_bid
from jobs.drafts.services import start_draft
from jobs.lifecycle import Status
from marketplace.money import MICRO
from tests import factories
from tests.bids.market import auction
from tests.pages import client_of, text_of
from wallets.queries import balance

OFFER = {"amount": "75.5", "eta": "3", "eta_unit": "1440", "cover_letter": "I have done ten of these."}


def test_a_person_bids_in_their_own_name(poster: Agent) -> None:
    job, bidder = factories.open_job(poster), factories.make_person("Bea")

    client_of(bidder).post(f"/jobs/{job.pk}/bids/", {"bidder": bidder.handle, **OFFER})

    bid = Bid.objects.get()
    assert (bid.bidder, bid.amount, bid.eta_minutes) == (bidder, 75_500_000, 3 * 24 * 60)
    assert bid.cover_letter == "I have done ten of these."


def test_a_person_bids_for_their_agent_and_for_no_other(poster: Agent, worker: Agent, outsider: Agent) -> None:
    job = factories.open_job(poster)
    client = client_of(worker)

    refused = client.post(f"/jobs/{job.pk}/bids/", {"bidder": outsider.handle, **OFFER})
    client.post(f"/jobs/{job.pk}/bids/", {"bidder": worker.handle, **OFFER})

    assert refused.status_code == 400
    assert Bid.objects.get().bidder == worker


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "100.01"}, "Must be at most the budget of 100.00."),
        ({"amount": "-1"}, "Must be a positive amount"),
        ({"eta": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_refused_bid_comes_back_as_it_was_typed(poster: Agent, changes: dict[str, str], message: str) -> None:
    job, bidder = factories.open_job(poster), factories.make_person("Bea")

    response = client_of(bidder).post(f"/jobs/{job.pk}/bids/", {"bidder": bidder.handle, **OFFER, **changes})

    assert response.status_code == 400
    assert message in text_of(response)
    assert "I have done ten of these." in response.content.decode()
    assert not Bid.objects.exists()


def test_a_second_bid_is_refused_beside_the_form(poster: Agent) -> None:
    job, bidder = factories.open_job(poster), factories.make_person("Bea")
    factories.make_bid(job, bidder)

    response = client_of(bidder).post(f"/jobs/{job.pk}/bids/", {"bidder": bidder.handle, **OFFER})

    assert response.status_code == 409
    assert "withdraw it to place another" in text_of(response)


def test_who_has_bid_waits_for_the_answer_and_offers_no_second_agent(poster: Agent) -> None:
    job, bidder = factories.open_job(poster), factories.make_person("Bea")
    client = client_of(bidder)
    assert "Offer your price" in text_of(client.get(f"/jobs/{job.pk}/"))

    factories.make_bid(job, bidder, 80 * MICRO)
    scribe = factories.make_agent(bidder, name="Scribe")
    page = text_of(client.get(f"/jobs/{job.pk}/"))
    assert "Your bid is in Bea offered 80.00 USDC" in page
    assert "Place a bid" not in page

    refused = client.post(f"/jobs/{job.pk}/bids/", {"bidder": scribe.handle, **OFFER})
    assert refused.status_code == 409
    assert f"{bidder.handle}, of the same owner, has a bid on the job" in text_of(refused)


def test_going_lower_begins_just_below_the_lowest_and_speaks_of_no_credits(poster: Agent, worker: Agent) -> None:
    job, bidder = auction(poster, "reverse_auction", auto_accept=True), factories.make_person("Bea")
    client = client_of(bidder)
    first = text_of(client.get(f"/jobs/{job.pk}/"))
    assert "Place the bid" in first and "free bids" in first
    assert "Bidding ends in 1 hour" in first and "until in" not in first
    assert "The best bid is accepted by itself when bidding ends." in first
    factories.make_bid(job, bidder, 80 * MICRO)
    response = client.get(f"/jobs/{job.pk}/")
    assert 'value="79.99"' in response.content.decode()
    factories.make_bid(job, worker, 70 * MICRO)
    response = client.get(f"/jobs/{job.pk}/")
    assert 'value="69.99"' in response.content.decode()
    assert "Lower the bid" in text_of(response) and "free bids" not in text_of(response)
    refused = client.post(f"/jobs/{job.pk}/bids/", {"bidder": bidder.handle, **OFFER, "amount": "80"})
    assert (refused.status_code, "Lower the bid" in text_of(refused)) == (400, True)
    lowered = client.post(f"/jobs/{job.pk}/bids/", {"bidder": bidder.handle, "amount": "69.99", "eta_unit": "60"})
    assert lowered.status_code == 302
    assert "Your bid is lowered to 69.99 USDC." in text_of(client.get(f"/jobs/{job.pk}/"))


def test_what_a_job_does_not_say_has_no_heading(poster: Agent) -> None:
    said, unsaid = factories.open_job(poster), factories.open_job(poster, description="")
    shown = ['id="about"' in Client().get(f"/jobs/{job.pk}/").content.decode() for job in (said, unsaid)]
    assert shown == [True, False]


def test_the_ways_to_compete_are_explained_below_their_names(poster: Agent) -> None:
    draft = start_draft(actor=poster, data={})
    page = client_of(poster).get(f"/jobs/new/{draft.pk}/who/").content.decode()
    assert '<option value="sealed_bid">Sealed bids</option>' in page
    assert "<dt>Sealed bids</dt>" in page


def test_only_the_poster_compares_bids(poster: Agent, worker: Agent) -> None:
    job = factories.open_job(poster)
    place_bid(job=job, bidder=worker, actor=worker, amount=40 * MICRO, cover_letter="For your eyes.")
    rival = factories.make_person("Rita")
    factories.make_bid(job, rival)

    assert "For your eyes." in text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
    assert "For your eyes." in text_of(client_of(worker).get(f"/jobs/{job.pk}/"))
    for other in (Client(), client_of(rival)):
        page = text_of(other.get(f"/jobs/{job.pk}/"))
        assert "For your eyes." not in page
        assert "40.00" not in page


def test_accepting_says_what_is_held_and_holds_it(poster: Agent, worker: Agent) -> None:
    job = factories.open_job(poster)
    bid = factories.make_bid(job, worker, 80 * MICRO)
    client = client_of(poster)
    path = f"/jobs/{job.pk}/bids/{bid.pk}/accept/"

    question = text_of(client.get(path))
    assert "In your wallet 1,000.00 USDC Held in escrow now 80.00 USDC" in question
    assert "of which fee (5%) 4.00 USDC of which Wanda receives 76.00 USDC" in question
    assert balance(poster).held == 0

    assert "80.00 USDC is now held in escrow." in text_of(client.post(path, follow=True))
    assert balance(poster).held == 80 * MICRO
    again = client.post(path)
    assert (again.status_code, balance(poster).held) == (409, 80 * MICRO)


def test_a_wallet_that_is_too_light_says_by_how_much(worker: Agent) -> None:
    poor = factories.make_person("Paul", funds=10 * MICRO)
    job = factories.open_job(poor)
    bid = factories.make_bid(job, worker, 80 * MICRO)
    path = f"/jobs/{job.pk}/bids/{bid.pk}/accept/"

    assert "Your wallet is 70.00 USDC short of this." in text_of(client_of(poor).get(path))
    response = client_of(poor).post(path)

    assert response.status_code == 402
    assert "The wallet holds 10.00 USDC" in text_of(response)
    job.refresh_from_db()
    assert job.status == Status.OPEN


@pytest.mark.parametrize("verb", ["accept", "withdraw"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_bid_is_nobody_elses_business(poster: Agent, worker: Agent, outsider: Agent, verb: str, method: str) -> None:
    job = factories.open_job(poster)
    bid = factories.make_bid(job, worker)
    path = f"/jobs/{job.pk}/bids/{bid.pk}/{verb}/"

    assert getattr(Client(), method)(path).status_code == 302
    assert getattr(client_of(outsider), method)(path).status_code == 404
    wrong_side = worker if verb == "accept" else poster
    assert getattr(client_of(wrong_side), method)(path).status_code in ({403} if method == "post" else {200, 403})
    bid.refresh_from_db()
    assert bid.status == Bid.Status.PENDING


def test_a_bidder_takes_the_bid_back(poster: Agent, worker: Agent) -> None:
    bid = factories.make_bid(factories.open_job(poster), worker)

    client_of(worker).post(f"/jobs/{bid.job_id}/bids/{bid.pk}/withdraw/")

    bid.refresh_from_db()
    assert bid.status == Bid.Status.WITHDRAWN
