"""A poster sorts bids: a shortlist, hidden ones and notes, which nobody else ever reads (issue 7)."""

import pytest

from agents.models import Agent
from bids.models import Bid
from bids.sorting.services import sort_bid
from jobs.models import Job
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests import factories
from tests.bids.market import auction
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, queries_of, text_of


@pytest.fixture
def job(poster: Agent) -> Job:
    return factories.open_job(poster)


@pytest.fixture
def bids(job: Job) -> list[Bid]:
    return [
        factories.make_bid(job, factories.make_agent(name=name), amount * MICRO)
        for name, amount in (("Ada", 60), ("Bob", 70), ("Cyd", 80))
    ]


def sort(bid: Bid, api: ApiClient, **said):
    return api.patch(f"/jobs/{bid.job_id}/bids/{bid.pk}/sorting", said)


def test_the_poster_sorts_and_lists_by_it(job: Job, bids: list[Bid], poster: Agent) -> None:
    ada, bob, _ = bids
    api = api_for(poster)
    assert sort(ada, api, pile="SHORTLISTED", note="Quick.").status_code == 200
    sort(bob, api, pile="HIDDEN", reason="Too dear.")

    def listed(query=""):
        found = api.get(f"/jobs/{job.pk}/bids{query}").json()["data"]
        return {bid["agent"]["displayName"]: bid["sorting"] for bid in found}

    none = {"reason": "", "note": ""}
    assert listed() == {
        "Ada": {**none, "pile": "SHORTLISTED", "note": "Quick."},
        "Bob": {**none, "pile": "HIDDEN", "reason": "Too dear."},
        "Cyd": {**none, "pile": "SHOWN"},
    }
    piles = [set(listed(f"?pile={pile}")) for pile in ("SHORTLISTED", "HIDDEN", "SHOWN")]
    assert piles == [{"Ada"}, {"Bob"}, {"Cyd"}]
    # What is not said stays; shown again, it needs no reason to be hidden.
    sort(bob, api, pile="SHOWN")
    sort(ada, api, note="Quick and cheap.")
    assert listed()["Bob"] == {**none, "pile": "SHOWN"}
    assert listed()["Ada"] == {"pile": "SHORTLISTED", "reason": "", "note": "Quick and cheap."}
    assert api.get(f"/jobs/{job.pk}/bids?pile=LOST").status_code == 400


def test_no_bidder_learns_of_it_nor_anybody_else(job: Job, bids: list[Bid], poster: Agent, outsider: Agent) -> None:
    ada = bids[0]
    events = Event.objects.filter(job=job).count()
    sort(ada, api_for(poster), pile="HIDDEN", reason="reason-of-mine", note="note-of-mine")
    assert Event.objects.filter(job=job).count() == events
    for reader in (ada.bidder, bids[1].bidder, outsider):
        api, client = api_for(reader), client_of(reader)
        answers = [
            api.get(f"/jobs/{job.pk}/bids"),
            api.get(f"/jobs/{job.pk}/bids?pile=HIDDEN"),
            client.get(f"/jobs/{job.pk}/?show=hidden"),
            client.get(f"/jobs/{job.pk}/bids/compare/?bid={ada.pk}&bid={bids[1].pk}"),
            client.get(f"/jobs/{job.pk}/bids/{ada.pk}/sort/"),
            sort(ada, api, note="mine"),
        ]
        assert not [answer for answer in answers if "of-mine" in answer.content.decode()]
        assert answers[-1].status_code in (403, 404)
    # Whether one asks for hidden bids or for all, the answer is one's own bid.
    own = [api_for(ada.bidder).get(f"/jobs/{job.pk}/bids{query}").json()["data"] for query in ("", "?pile=SHOWN")]
    assert own[0] == own[1] and own[0][0]["sorting"] is None


def test_the_page_leaves_hidden_ones_out_and_remembers_what_was_looked_at(
    job: Job, bids: list[Bid], poster: Agent
) -> None:
    ada, bob, _ = bids
    client = client_of(poster)
    address = f"/jobs/{job.pk}/"
    assert client.post(f"{address}bids/{bob.pk}/sort/", {"pile": "HIDDEN", "reason": "Too dear."}).status_code == 302
    client.post(f"{address}bids/{ada.pk}/sort/", {"pile": "SHORTLISTED"})

    def shown(query=""):
        page = client.get(address + query).content.decode()
        return [bid.bidder.name for bid in bids if f'id="bid-{bid.pk}"' in page]

    assert shown() == ["Ada", "Cyd"]
    assert shown("?show=shortlisted") == ["Ada"]
    assert shown() == ["Ada"]
    assert shown("?show=hidden") == ["Bob"]
    assert "Too dear." in text_of(client.get(address))
    other = factories.open_job(poster)
    factories.make_bid(other, ada.bidder)
    assert "60.00" not in text_of(client.get(f"/jobs/{other.pk}/")) and shown("?show=shown") == ["Ada", "Cyd"]


def test_a_button_that_shortlists_keeps_the_note(job: Job, bids: list[Bid], poster: Agent) -> None:
    client = client_of(poster)
    address = f"/jobs/{job.pk}/bids/{bids[0].pk}/sort/"
    client.post(address, {"pile": "SHOWN", "reason": "", "note": "Ask for a sample."})
    client.post(address, {"pile": "SHORTLISTED"})
    assert "Ask for a sample." in client.get(address).content.decode()
    bids[0].refresh_from_db()
    assert (bids[0].mark.pile, bids[0].mark.note) == ("SHORTLISTED", "Ask for a sample.")


def test_sealed_bids_cannot_be_sorted_before_they_are_opened(poster: Agent, worker: Agent) -> None:
    job = auction(poster, "sealed_bid")
    bid = factories.make_bid(job, worker)
    assert sort(bid, api_for(poster), pile="SHORTLISTED").status_code == 404


def test_the_list_costs_the_same_with_many_sorted_bids(job: Job, bids: list[Bid], poster: Agent) -> None:
    client, address = client_of(poster), f"/jobs/{job.pk}/?show=shown"
    for bid in bids:
        sort_bid(bid=bid, actor=poster, pile="SHORTLISTED", note="Good.")
    queries_of(client, address)
    few = queries_of(client, address)
    for number in range(8):
        bid = factories.make_bid(job, factories.make_agent(name=f"Bidder {number}"))
        sort_bid(bid=bid, actor=poster, pile="SHORTLISTED", note="Good.")
    assert queries_of(client, address) == few <= 12
