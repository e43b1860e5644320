"""Sealed bids: what they say is read by nobody but their bidder before the window ends, behind any door (M3)."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse

from agents.inbox.models import Notification
from agents.models import Agent
from agents.webhooks.models import Delivery
from agents.webhooks.services import set_endpoint
from bids.models import Bid
from bids.services import BidsSealed, accept_bid, hire_agent, place_bid, withdraw_bid
from bids.tasks import close_due_bidding
from jobs.models import Job
from jobs.services import cancel_job, update_job
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests.bids.market import auction, end_bidding
from tests.factories import make_agent, make_bid, make_person
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

AMOUNT, LETTER, REASON, ETA = 61_370_001, "Only for sealed eyes.", "A quiet reason.", 4_321
# As the API, pages and admin write them.
SECRETS = ("61.37", "61370001", "61,370,001", LETTER, REASON, "4321", "4,321", "3 days 1 min")


@pytest.fixture
def job(poster) -> Job:
    return auction(poster, "sealed_bid", vertical="research")


@pytest.fixture
def bid(job, poster, worker) -> Bid:
    """One of three, all of them told to whoever is told; one was taken back."""
    for agent in (poster, worker):
        set_endpoint(agent=agent, actor=agent, url="http://127.0.0.1:9/hears-all")
    rival, gone = make_agent(name="Rival"), make_agent(name="Gone")
    make_bid(job, rival, 70 * MICRO)
    withdrawn = place_bid(job=job, bidder=gone, actor=gone, amount=AMOUNT, cover_letter=LETTER, eta_minutes=ETA)
    withdraw_bid(bid=withdrawn, actor=gone, reason=REASON)
    bid = place_bid(job=job, bidder=worker, actor=worker, amount=AMOUNT, cover_letter=LETTER, eta_minutes=ETA)
    relay_batch()
    return bid


def api_doors(job: Job, bid: Bid) -> list[str]:
    return [
        *(f"/jobs/{job.pk}{rest}" for rest in ("", "/bids", "/events")),
        *(f"/jobs/{job.pk}/bids?sort={sort}" for sort in ("score", "price", "eta", "newest")),
        *("/jobs", f"/jobs?posterId={job.poster_id}", "/agents/me", "/agents", "/stats", "/activity"),
        *(f"/agents/me{rest}" for rest in ("/notifications", "/wallet", "/wallet/transactions", "/webhooks", "/jobs")),
        *("/events", f"/agents/{bid.bidder.handle}", f"/agents/{bid.bidder.handle}/jobs"),
    ]


def page_doors(job: Job, bid: Bid) -> list[str]:
    return [
        f"/jobs/{job.pk}/",
        *(f"/jobs/{job.pk}/?bids={sort}" for sort in ("score", "price", "time", "newest")),
        *(f"/jobs/{job.pk}/bids/{bid.pk}/{verb}/" for verb in ("accept", "withdraw")),
        *("/", "/jobs/", "/inbox/", "/agents/", f"/agents/{bid.bidder.handle}/", "/wallet/"),
    ]


def admin_doors(job: Job, bid: Bid) -> Iterator[str]:
    models = ("bids_bid", "jobs_job", "events_event", "inbox_notification", "mail_letter", "webhooks_delivery")
    for name in models:
        yield reverse(f"admin:{name}_changelist") if _is_in_admin(name) else "/admin/"
    yield reverse("admin:bids_bid_change", args=[bid.pk])
    yield reverse("admin:jobs_job_change", args=[job.pk])
    yield reverse("admin:bids_bid_changelist") + "?o=4"
    for event in Event.objects.filter(job=job):
        yield reverse("admin:events_event_change", args=[event.pk])


def _is_in_admin(name: str) -> bool:
    return name in {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def readers(job: Job, operator: Agent) -> dict[str, Agent | None]:
    return {
        "poster": job.poster,
        "rival": Agent.objects.get(name="Rival"),
        "outsider": make_agent(name="Oscar"),
        "person": make_person("Nosy"),
        "operator": operator,
        "visitor": None,
    }


def everything_read(job: Job, bid: Bid) -> Iterator[tuple[str, str, str]]:
    """(who, door, what it says) for everybody but the bidder."""
    operator = make_person("Olive", is_staff=True, is_superuser=True)
    for role, agent in readers(job, operator).items():
        api, browser = (api_for(agent), client_of(agent)) if agent else (ApiClient(), Client())
        for door in api_doors(job, bid):
            yield role, f"/v1{door}", api.get(door).text
        for door in page_doors(job, bid):
            yield role, door, browser.get(door).content.decode()
    for door in admin_doors(job, bid):
        yield "operator", door, client_of(operator).get(door).content.decode()


def everything_told() -> Iterator[tuple[str, str]]:
    """(what it is, what it says) of all that was written for whomever: the outbox, webhooks, inboxes and letters."""
    for event in Event.objects.all():
        yield event.type, f"{event.message!r} {event.data}"
    for delivery in Delivery.objects.select_related("event"):
        yield "webhook", f"{delivery.event.message!r}"
    for notification in Notification.objects.select_related("event"):
        yield "inbox", str(notification.event.data)
    for letter in mail.outbox:
        yield "mail", str(letter.message())


def test_no_door_shows_a_sealed_bid_to_anyone_but_its_bidder(job, bid):
    found = [(role, door, leaks(text)) for role, door, text in everything_read(job, bid) if leaks(text)]
    assert found == []
    [own] = api_for(bid.bidder).get(f"/jobs/{job.pk}/bids").json()["data"]
    assert (own["amount"], own["coverLetter"]) == ("61.370001", LETTER)


def test_nothing_that_is_sent_tells_of_one(job, bid):
    assert [(kind, leaks(text)) for kind, text in everything_told() if leaks(text)] == []
    sealed = Event.objects.filter(job=job, type="bid.sealed").order_by("id")
    assert [event.data["bidCount"] for event in sealed] == [1, 2, 1, 2]
    assert all(event.actor is None and event.data.keys() == {"jobId", "title", "bidCount"} for event in sealed)
    assert not Event.objects.filter(job=job, actor=bid.bidder).exists(), "not even who has bid"


def test_the_same_doors_do_show_it_once_it_is_opened(job, bid):
    """The negative control: the walk would have found it."""
    end_bidding(job)
    close_due_bidding()
    relay_batch()
    shown = {door for role, door, text in everything_read(job, bid) if role == "poster" and leaks(text)}
    assert {f"/v1/jobs/{job.pk}/bids", f"/jobs/{job.pk}/", f"/v1/jobs/{job.pk}/events"} <= shown
    assert {"bid.received", "webhook", "inbox"} <= {kind for kind, text in everything_told() if leaks(text)}
    operators = {door for role, door, text in everything_read(job, bid) if role == "operator" and leaks(text)}
    assert reverse("admin:bids_bid_change", args=[bid.pk]) in operators


def test_opened_to_the_poster_they_stay_unread_by_rivals_and_strangers(job, bid):
    end_bidding(job)
    close_due_bidding()
    found = [
        (role, door)
        for role, door, text in everything_read(job, bid)
        if role not in ("poster", "operator") and leaks(text)
    ]
    assert found == []


@pytest.mark.parametrize("question", ["", "amount__gt=1", "amount=61370001", "score__gt=0", "q={job}", "o=-1"])
def test_an_operator_cannot_ask_for_it_either(job, bid, question):
    """Not even that there is one: who bid, and when, is secret too. Once opened it is there, in USDC."""
    operator = client_of(make_person("Olive", is_staff=True, is_superuser=True))
    address = f"{reverse('admin:bids_bid_changelist')}?{question.format(job=job.pk)}"
    assert not shows_bids(operator.get(address, follow=True).content.decode(), job)
    end_bidding(job)
    close_due_bidding()
    opened = operator.get(address, follow=True).content.decode()
    assert shows_bids(opened, job)
    assert "Gone" not in opened, "taken back before the opening"
    if question != "amount__gt=1":
        assert "61.370001 USDC" in opened


def shows_bids(text: str, job: Job) -> bool:
    return any(str(pk) in text for pk in job.bids.values_list("pk", flat=True))


def test_the_poster_reads_no_event_that_names_a_bidder_or_a_bid(job, bid, poster):
    """The id of a bid is the time at which it was made. After a cancellation neither."""
    job = cancel_job(job=job, actor=poster)
    read = api_for(poster).get(f"/jobs/{job.pk}/events").json()["data"]
    assert {"job.posted", "bid.sealed", "job.cancelled"} <= {event["type"] for event in read}
    assert not any(str(one.pk) in str(read) or one.bidder.handle in str(read) for one in job.bids.all())
    assert Event.objects.filter(job=job, type="bid.rejected").count() == 2, "there was something to hide"
    told = api_for(bid.bidder).get(f"/jobs/{job.pk}/events").json()["data"]
    assert "bid.rejected" in {event["type"] for event in told}


def test_what_was_taken_back_before_the_opening_stays_sealed(job, bid, poster, worker):
    end_bidding(job)
    close_due_bidding()
    withdraw_bid(bid=bid, actor=worker)
    gone = Bid.objects.get(bidder__name="Gone")
    read = api_for(poster).get(f"/jobs/{job.pk}/bids").json()["data"]
    assert {one["status"] for one in read} == {"PENDING", "WITHDRAWN"}, "one taken back later was read already"
    assert str(gone.pk) not in {one["id"] for one in read}
    assert "Gone" not in text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
    assert [one["id"] for one in api_for(gone.bidder).get(f"/jobs/{job.pk}/bids").json()["data"]] == [str(gone.pk)]


def test_hiring_is_no_action_before_the_bids_are_opened(job, bid, poster):
    """Neither in the job nor in lists."""

    def actions() -> list[list[str]]:
        api = api_for(poster)
        [listed] = api.get(f"/jobs?posterId={poster.pk}").json()["data"]
        return [api.get(f"/jobs/{job.pk}").json()["data"]["availableActions"], listed["availableActions"]]

    assert actions() == [["update", "cancel"]] * 2
    end_bidding(job)
    close_due_bidding()
    assert actions() == [["update", "assign", "cancel"]] * 2


def test_a_change_of_the_job_is_told_to_bidders_and_tells_nobody_of_them(job, bid, poster, worker):
    update_job(job=job, actor=poster, title="Another title")
    changed = Event.objects.get(job=job, type="job.updated")
    assert set(changed.audience) == {poster.pk, worker.pk, Agent.objects.get(name="Rival").pk}
    relay_batch()
    for reader in (poster, make_agent(name="Oscar")):
        api = api_for(reader)
        for door in (f"/jobs/{job.pk}/events", "/events", "/agents/me/notifications"):
            assert worker.handle not in api.get(door).text, door


def test_nobody_is_hired_before_the_bids_are_opened(job, bid, poster, outsider):
    for act in (
        lambda: accept_bid(bid=bid, actor=poster),
        lambda: hire_agent(job=job, agent=bid.bidder, actor=poster),
        lambda: hire_agent(job=job, agent=outsider, actor=poster),
    ):
        with pytest.raises(BidsSealed):
            act()
    assert api_for(poster).post(f"/jobs/{job.pk}/bids/{bid.pk}/accept").status_code == 404


def test_giving_up_the_job_does_not_open_them(job, bid, poster):
    """Or a poster would cancel to read them."""
    cancel_job(job=job, actor=poster)
    relay_batch()
    assert [(role, door) for role, door, text in everything_read(job, bid) if role != "rival" and leaks(text)] == []
    assert [kind for kind, text in everything_told() if leaks(text)] == []
    end_bidding(job)
    assert api_for(poster).get(f"/jobs/{job.pk}/bids").json()["data"] == []


def test_they_are_opened_in_the_order_of_their_merit(job, bid, poster):
    """M3: the order of the list does not reveal arrival."""
    make_bid(job, make_agent(), 10 * MICRO)
    end_bidding(job)
    close_due_bidding()
    opened = Event.objects.filter(job=job, type="bid.received").order_by("id")
    assert [event.data["amountUsdc"] for event in opened] == ["10.00", "61.370001", "70.00"]
    listed = api_for(poster).get(f"/jobs/{job.pk}/bids").json()["data"]
    assert [one["amount"] for one in listed if one["status"] == "PENDING"] == ["10.00", "61.370001", "70.00"]
