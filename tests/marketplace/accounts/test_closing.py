"""The end of an account: not while anything is open, and then for good (issue 7)."""

import json
from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client, TestCase

from agents.avatars.services import path_of, set_avatar
from agents.favourites.models import Favourite
from agents.favourites.services import add_favourite
from agents.files.models import storage
from agents.handles.models import FormerHandle
from agents.handles.services import change_handle
from agents.models import Agent, ApiKey, User
from agents.services import mint_api_key
from agents.webhooks.services import set_endpoint
from bids.models import Bid
from bids.services import accept_bid
from disputes.appeals.services import make_appeal
from disputes.services import resolve_dispute
from jobs.drafts.models import Draft
from jobs.drafts.services import start_draft
from jobs.models import Job
from jobs.saved_searches.models import SavedSearch
from jobs.saved_searches.services import save_search
from jobs.services import cancel_job
from marketplace.accounts import services
from marketplace.accounts.queries import obstacles
from marketplace.desk.adjustments import confirm
from marketplace.desk.appeals import decide
from marketplace.desk.models import Adjustment
from marketplace.errors import NotAllowed
from marketplace.money import MICRO
from tests.agents.files.uploads import image, upload
from tests.factories import (
    PASSWORD,
    PRICE,
    completed_job,
    disputed_job,
    fund,
    make_agent,
    make_bid,
    make_person,
    open_job,
)
from tests.fixtures import ApiClient, api_for
from tests.marketplace.accounts.conftest import is_in, log_in, with_app
from tests.marketplace.desk.people import NOTE, make_operator
from tests.pages import client_of, prove, text_of
from tests.racing import race
from wallets.queries import balance


def has_money(person):
    fund(person, 40 * MICRO)
    return "MONEY", "40.00 USDC are in the wallet of Pia"


def has_an_agent_with_money(person):
    fund(make_agent(person, name="Pen"), 5 * MICRO)
    return "MONEY", "5.00 USDC are in the wallet of Pen"


def has_posted(person):
    open_job(person)
    return "OPEN_JOBS", "1 of your jobs are not finished"


def has_an_agent_that_offers(person):
    make_bid(open_job(make_person("Petra")), make_agent(person), MICRO)
    return "OPEN_BIDS", "1 bid waits for an answer"


@pytest.mark.parametrize("given", [has_money, has_an_agent_with_money, has_posted, has_an_agent_that_offers])
def test_it_is_refused_with_the_reason_while_something_is_open(person, given):
    code, sentence = given(person)
    browser = client_of(person)
    page = text_of(browser.get("/account/close/"))
    assert sentence in page
    assert "Close my account for good" not in page
    refused = browser.post("/account/close/", {"sure": "on"})
    assert (refused.status_code, sentence in text_of(refused)) == (409, True)
    browser.defaults["HTTP_ORIGIN"] = "http://testserver"
    told = browser.post("/v1/account/closing", {}, content_type="application/json")
    assert (told.status_code, [one["code"] for one in told.json()["obstacles"]]) == (409, [code])
    assert User.objects.get(pk=person.user_id).is_active


def test_an_appeal_is_an_obstacle_until_what_it_brought_is_paid(person):
    """A wallet that is closed takes nothing, and the market owes it."""
    dispute = disputed_job(make_person(funds=PRICE), person).disputes.get()
    resolve_dispute(dispute=dispute, actor=make_operator("arbiter", name="Rita"), to_poster=PRICE, note=NOTE)
    appeal = make_appeal(dispute=dispute, actor=person, reason="The second half was there.")
    assert [one.code for one in obstacles(person.user)] == ["OPEN_APPEALS"]
    reviewer, treasurer = make_operator("arbiter", name="Vera"), make_operator("treasurer", name="Theo")
    decide(appeal=appeal, operator=reviewer, correction=MICRO // 2, note="It was.")
    assert [one.code for one in obstacles(person.user)] == ["OPEN_APPEALS"]
    confirm(adjustment=Adjustment.objects.get(), operator=treasurer)
    assert obstacles(person.user) == []


def test_it_is_over_for_good(person, django_capture_on_commit_callbacks):
    """Keys, sessions, webhooks and the login die; the other side keeps its record."""
    address, worker = person.user.email, make_agent(name="Wanda")
    agent = make_agent(person, name="Pen")
    raw = [mint_api_key(agent=one, name="key", actor=person)[1] for one in (person, agent)]
    set_endpoint(agent=agent, url="http://127.0.0.1:9/hooks", actor=person)
    fund(person, 100 * MICRO)
    job = completed_job(person, worker, price=100 * MICRO)
    with_app(person)
    browser, other = client_of(person), log_in(person)

    forgotten = browser.post("/account/close/", {})
    assert (forgotten.status_code, "Tick this" in text_of(forgotten)) == (400, True)
    with django_capture_on_commit_callbacks(execute=True):
        closed = browser.post("/account/close/", {"sure": "on"}, follow=True)
    assert "Your account is closed" in text_of(closed)

    assert not is_in(browser)
    assert not is_in(other)
    assert [ApiClient(key).get("/agents/me").status_code for key in raw] == [401, 401]
    assert not is_in(log_in(person))
    assert mail.outbox[-1].to == [address]
    assert "closed" in mail.outbox[-1].subject
    assert not EmailAddress.objects.filter(email=address).exists()
    assert not agent.webhook_endpoints.exclude(status="DISABLED").exists()
    user = User.objects.get(pk=person.user_id)
    assert (user.email, user.name, user.is_active) == (f"closed-{user.pk}@closed.invalid", "Closed account", False)
    assert set(Agent.objects.filter(pk__in=[person.pk, agent.pk]).values_list("status", flat=True)) == {"SUSPENDED"}
    shown = json.dumps(api_for(worker).get(f"/jobs/{job.pk}").json())
    assert ("Closed account" in shown, "Pia" in shown) == (True, False)
    assert Job.objects.get(pk=job.pk).status == "COMPLETED"


def test_the_address_can_sign_up_again(person):
    address = person.user.email
    services.close_account(actor=person)
    again = User.objects.create_user(address, PASSWORD)
    assert again.pk != person.user_id


def test_what_cannot_be_withdrawn_does_not_hold_anybody(person):
    """Less than the smallest withdrawal is said to lapse, and stays in the books where it is."""
    fund(person, MICRO // 2)
    assert "0.50 USDC that cannot be withdrawn lapse" in text_of(client_of(person).get("/account/close/"))
    services.close_account(actor=person)
    assert balance(person).available == MICRO // 2


def test_a_deal_that_ended_is_no_obstacle(person):
    fund(person, 100 * MICRO)
    cancel_job(job=open_job(person), actor=person)
    completed_job(person, make_agent(name="Wanda"), price=100 * MICRO)
    assert obstacles(person.user) == []


def test_a_stolen_cookie_closes_nothing_and_neither_does_a_key(person):
    browser = client_of(person)
    prove(browser, seconds_ago=301)
    assert "/reauthenticate/" in browser.post("/account/close/", {"sure": "on"})["Location"]
    _, raw = mint_api_key(agent=person, name="key", actor=person)
    assert ApiClient(raw).post("/account/closing").status_code == 403
    with pytest.raises(NotAllowed):
        services.close_account(actor=make_agent(person))
    assert User.objects.get(pk=person.user_id).is_active
    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_bid_that_is_accepted_while_the_account_closes_keeps_it_open(person, moment):
    """The poster's yes falls between two looks at what is open."""
    bid = make_bid(open_job(make_person("Petra", funds=PRICE)), make_agent(person))
    looks: list[Any] = []

    def interrupt(execute: Any, sql: str, *rest: Any) -> Any:
        if "count" in sql.lower() and ('FROM "bids_bid"' in sql or 'FROM "jobs_job"' in sql):
            looks.append(sql)
            if len(looks) == moment:
                assert isinstance(race([partial(accept_bid, bid=bid, actor=bid.job.poster)])[0], Bid)
        return execute(sql, *rest)

    with connection.execute_wrapper(interrupt), pytest.raises(services.AccountInUse):
        services.close_account(actor=person)
    assert len(looks) >= moment
    assert User.objects.get(pk=person.user_id).is_active


def test_what_was_begun_looked_for_and_liked_goes_and_so_do_the_face_and_the_old_handle(person):
    """Nobody else has a part in any of it."""
    pen = make_agent(person, name="Pen")
    for owner in (person, pen):
        start_draft(actor=owner, data={"title": "A secret plan"})
        save_search(actor=owner, name="Gates", filters={"q": "gate"})
        add_favourite(actor=owner, agent=make_agent(name="Wanda"))
    change_handle(agent=person, actor=person, handle="pia-the-painter")
    set_avatar(agent=person, actor=person, upload=upload("me.png", image()))
    path = path_of(Agent.objects.get(pk=person.pk).avatar)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.close_account(actor=person)
    assert not Draft.objects.exists() and not SavedSearch.objects.exists() and not Favourite.objects.exists()
    assert not FormerHandle.objects.exists() and not storage().exists(path)
    assert Client().get("/agents/pia-the-painter/").status_code == 404
