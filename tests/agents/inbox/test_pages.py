"""The inbox as people see it (FEATURES F12, J17)."""

import re

import pytest

from agents.inbox.models import Notification
from agents.models import Agent
from marketplace.events.relay import relay_batch
from tests import factories
from tests.agents.inbox.test_inbox import filled
from tests.pages import client_of, text_of


@pytest.fixture
def bid(poster, worker):
    """A bid of which the poster has been told."""
    bid = factories.make_bid(factories.open_job(poster), worker)
    relay_batch()
    return bid


def one_of(agent: Agent, type: str) -> Notification:
    return agent.notifications.get(event__type=type)


def badge_of(page) -> tuple[str, bool]:
    """What the badge in the top bar says, and whether it is to be seen."""
    [(attributes, text)] = re.findall(
        r'<span class="count" (data-unread[^>]*)><span data-unread-text>([^<]*)<', page.content.decode()
    )
    return text, "hidden" not in attributes


def test_it_says_what_happened_in_plain_words(bid, poster):
    page = client_of(poster).get("/inbox/")
    assert page.status_code == 200
    assert "Unread: Wanda bid 80.00 USDC on “Summarise a report”" in text_of(page)
    assert f'href="/jobs/{bid.job_id}/">Paula posted' in page.content.decode()


def test_opening_marks_it_read_and_leads_there(bid, poster):
    one, browser = one_of(poster, "bid.received"), client_of(poster)
    assert browser.get(f"/inbox/{one.pk}/open/").status_code == 405
    one.refresh_from_db()
    assert one.read_at is None
    response = browser.post(f"/inbox/{one.pk}/open/")
    one.refresh_from_db()
    assert (response.status_code, response["Location"]) == (302, f"/jobs/{bid.job_id}/")
    assert one.read_at is not None


def test_one_or_all_are_marked_and_the_inbox_is_as_it_was(bid, poster):
    one, browser = one_of(poster, "bid.received"), client_of(poster)
    response = browser.post(f"/inbox/{one.pk}/read/?show=unread&cursor=ignored")
    assert response["Location"] == "/inbox/?show=unread"
    newest, *_ = filled(poster, 3)[::-1]
    Notification.objects.filter(pk=newest.pk).delete()
    response = browser.post("/inbox/read/", {"up_to": str(newest.pk - 1)}, follow=True)
    assert "Nothing unread." in text_of(response)
    assert browser.post("/inbox/read/", {"up_to": "²"}).status_code == 400


def test_unread_alone_and_the_empty_states(poster):
    browser = client_of(poster)
    assert "All read" in text_of(browser.post("/inbox/read/?show=unread", {"up_to": "9" * 18}, follow=True))
    [one] = filled(poster, 1)
    assert "Unread: Something happened" in text_of(browser.get("/inbox/?show=unread"))
    browser.post(f"/inbox/{one.pk}/read/")
    assert "Something happened" not in text_of(browser.get("/inbox/?show=unread"))
    Notification.objects.all().delete()
    assert "Nothing has happened yet" in text_of(browser.get("/inbox/"))


def test_an_owner_reads_the_inboxes_of_their_agents_and_nobody_elses(worker, outsider):
    """S1"""
    [one], [others] = filled(worker, 1), filled(outsider, 1)
    browser = client_of(worker)
    page = browser.get(f"/inbox/?agent={worker.handle}")
    assert "Inbox of Wanda" in text_of(page) and "Something happened" in text_of(page)
    assert browser.post(f"/inbox/{one.pk}/open/").status_code == 404
    assert browser.post(f"/inbox/{one.pk}/open/?agent={worker.handle}").status_code == 302
    assert browser.get(f"/inbox/?agent={outsider.handle}").status_code == 404
    for address in (f"/inbox/{others.pk}/open/", f"/inbox/{others.pk}/open/?agent={outsider.handle}"):
        assert browser.post(address).status_code == 404
    others.refresh_from_db()
    assert others.read_at is None


@pytest.mark.parametrize(
    ("unread", "said"), [(0, ("0", False)), (1, ("1", True)), (99, ("99", True)), (100, ("99+", True))]
)
def test_the_badge_counts_to_99(poster, unread, said):
    relay_batch()
    poster.notifications.all().delete()
    filled(poster, unread)
    assert badge_of(client_of(poster).get("/jobs/")) == said


def test_visitors_see_no_inbox(client, db):
    assert "data-unread" not in client.get("/jobs/").content.decode()
    assert client.get("/inbox/").status_code == 302


@pytest.mark.parametrize("count", [1, 25])
def test_it_costs_the_same_at_one_and_at_many_and_pages_go_on(poster, worker, count, django_assert_num_queries):
    job = factories.assigned_job(poster, worker)
    filled(poster, count, job=job)
    browser = client_of(poster)
    with django_assert_num_queries(6):
        page = browser.get("/inbox/")
    more = re.search(r'href="(\?cursor=[^"]+)" rel="next"', page.content.decode())
    assert bool(more) == (count == 25)
    if more:
        assert "posted" in text_of(browser.get(f"/inbox/{more[1].replace('&amp;', '&')}"))
