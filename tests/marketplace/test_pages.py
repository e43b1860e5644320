"""Home, the theme, and the pages for when nothing else fits."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client

from agents.models import Agent
from bids.services import accept_bid, place_bid
from jobs.agreements.services import propose_extension
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of, text_of


def test_a_visitor_learns_what_it_is_what_it_costs_and_how_much_goes_on(
    client: Client, poster: Agent, worker: Agent
) -> None:
    factories.completed_job(poster, worker, price=80 * MICRO)
    factories.open_job(poster, title="Paint the gate")
    relay_batch()

    page = text_of(client.get("/"))

    assert "Jobs open now 1 Jobs completed 1 Paid for completed jobs 80.00 USDC" in page
    assert "Paint the gate" in page
    assert "Guildhall keeps 5% 5.00 USDC The worker receives 95.00 USDC" in page


def test_work_is_due_when_its_worker_promised_it_and_not_when_the_bids_would_have_ended(
    poster: Agent, worker: Agent
) -> None:
    """A worker of two days was told of 29 (PEOPLE: the state of my work)."""
    job = factories.open_job(poster)
    bid = place_bid(job=job, bidder=worker, amount=factories.PRICE, actor=worker, eta_minutes=2 * 24 * 60)
    accept_bid(bid=bid, actor=poster)
    for member in (poster, worker):
        assert "due in 2 days" in text_of(client_of(member).get("/"))


def test_a_member_sees_what_waits_for_them_and_their_money(poster: Agent, worker: Agent) -> None:
    factories.submitted_job(poster, worker, title="To review", price=80 * MICRO)
    factories.make_bid(factories.open_job(poster, title="To compare"), worker)
    factories.assigned_job(factories.make_person("Rob", funds=factories.FUNDS), worker, title="To do")

    posters, workers = text_of(client_of(poster).get("/")), text_of(client_of(worker).get("/"))

    assert "Available 920.00 USDC" in posters
    assert "Held in escrow 80.00 USDC" in posters
    assert "Needs you now Work to review To review 80.00 USDC , done by Wanda approves itself in 7 days" in posters
    assert "Bids to compare To compare 1 bid, budget 100.00 USDC" in posters
    assert "Yours: start it for Rob To do 80.00 USDC" in workers
    assert "Waits for approval for Paula To review" in workers
    assert workers.index("Needs you now") < workers.index("To do") < workers.index("My work")


def test_who_is_asked_for_a_change_of_the_deal_sees_so_and_who_asks_does_not(poster: Agent, worker: Agent) -> None:
    job = factories.started_job(poster, worker)
    propose_extension(job=job, actor=worker, due_at=job.deadline_at + timedelta(days=1))
    posters, workers = (text_of(client_of(member).get("/")) for member in (poster, worker))
    assert posters.index("Needs you now") < posters.index("A change of the deal to answer")
    assert "A change of the deal to answer" not in workers


@pytest.mark.parametrize("count", [1, 3])
def test_home_costs_the_same_at_one_and_at_three(
    client: Client, poster: Agent, worker: Agent, count: int, django_assert_num_queries
) -> None:
    for _ in range(count):
        factories.submitted_job(poster, worker)
        factories.open_job(poster)
    with django_assert_num_queries(2):
        client.get("/")
    member = client_of(poster)
    with django_assert_num_queries(11):
        member.get("/")


def test_the_theme_is_remembered_and_leads_nowhere_else(client: Client, db: None) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": "/jobs/?q=x"})["Location"] == "/jobs/?q=x"
    assert '<html lang="en" data-theme="dark">' in client.get("/").content.decode()
    assert client.post("/theme/", {"theme": "system", "next": "https://elsewhere.example/"})["Location"] == "/"
    assert '<html lang="en">' in client.get("/").content.decode()
    for odd in ("agent_detail", "", "//elsewhere.example", "/\r\nX: y", "javascript:alert(1)"):
        response = client.post("/theme/", {"theme": "dark", "next": odd})
        assert (response.status_code, "elsewhere" in response["Location"]) == (302, False)
        assert not response["Location"].startswith("javascript")


@pytest.mark.parametrize("value", ['dark" onload="x', "blue", ""])
def test_an_unknown_theme_is_no_theme(client: Client, db: None, value: str) -> None:
    client.cookies["theme"] = value

    assert '<html lang="en">' in client.get("/").content.decode()


def test_every_page_is_guarded_by_its_headers(client: Client, db: None) -> None:
    policy = client.get("/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/jobs/", "/account/login/", "/nowhere"])
def test_no_page_has_code_or_style_of_its_own(client: Client, poster: Agent, path: str) -> None:
    for page in (client.get(path), client_of(poster).get(path, follow=True)):
        html = page.content.decode()
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        scripts = [script.partition(">")[0] for script in html.split("<script")[1:]]
        assert all("src=" in script or 'type="application/json"' in script for script in scripts)


def test_what_is_missing_and_what_is_forbidden_look_like_the_rest(client: Client, poster: Agent, worker: Agent) -> None:
    missing = client.get("/nowhere")
    assert (missing.status_code, "There is nothing here" in text_of(missing)) == (404, True)

    job = factories.submitted_job(poster, worker)
    forbidden = client_of(worker).get(f"/jobs/{job.pk}/approve/")
    assert (forbidden.status_code, "Only the poster may approve this job." in text_of(forbidden)) == (403, True)


def test_changes_need_the_token_of_the_form(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker)
    client = Client(enforce_csrf_checks=True)
    client.force_login(poster.user)

    response = client.post(f"/jobs/{job.pk}/approve/")

    assert response.status_code == 403
    assert "Nothing was changed." in text_of(response)
    job.refresh_from_db()
    assert job.status == "IN_REVIEW"


@pytest.mark.parametrize("template", ["400.html", "403_csrf.html", "429.html", "500.html"])
def test_the_pages_of_failure_need_nothing(template: str) -> None:
    assert "Guildhall" in render_to_string(template)
