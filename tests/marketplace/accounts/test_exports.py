"""A copy of all that is a person's, and of nothing that is somebody else's (issue 7)."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.inbox.models import Notification
from agents.services import mint_api_key
from bids.sorting.services import sort_bid
from disputes.offers import make_offer
from jobs.conversations.services import send_message
from jobs.reviews.services import give_review
from marketplace.accounts import services
from marketplace.accounts.contents import PARTS, archive
from marketplace.accounts.models import Export
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests.factories import (
    completed_job,
    disputed_job,
    draft_job,
    fund,
    make_agent,
    make_bid,
    make_person,
    open_job,
    started_job,
)
from tests.fixtures import api_for
from tests.pages import client_of, prove, text_of


def read(content: bytes) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


@pytest.fixture
def busy(person):
    """Pia has posted, worked, talked and owns an agent with a key."""
    fund(person, 500 * MICRO)
    agent = make_agent(person, name="Pen")
    job = started_job(person, make_agent(name="Wanda"))
    send_message(job=job, actor=person, content="How is it going?")
    completed_job(person, make_agent(name="Willy"))
    make_bid(open_job(make_person("Petra")), agent, 10 * MICRO)
    mint_api_key(agent=agent, name="pen", actor=person)
    relay_batch()
    return person


def test_it_is_asked_for_made_told_and_fetched(busy):
    browser = client_of(busy)
    assert "is being made" in text_of(browser.post("/account/data/", follow=True))
    browser.post("/account/data/")
    assert Export.objects.count() == 1, "one at a time"
    assert services.make_due_exports() == 1
    assert services.make_due_exports() == 0
    relay_batch()
    assert Notification.objects.filter(agent=busy, event__type="account.export_ready").exists()

    export = Export.objects.get()
    page = browser.get("/account/data/")
    assert f'href="/account/data/{export.pk}/"' in page.content.decode()
    file = browser.get(f"/account/data/{export.pk}/")
    assert file["Content-Disposition"].startswith('attachment; filename="guildhall-')
    assert (file["Content-Type"], file["X-Content-Type-Options"]) == ("application/zip", "nosniff")
    assert set(read(file.content)) == {"account.json", *(f"{part.name}.json" for part in PARTS)}


def test_it_holds_what_is_theirs_in_the_words_of_the_api(busy):
    stranger = make_person("Eve", funds=100 * MICRO)
    secret = draft_job(stranger, title="The secret of Eve")
    services.request_export(actor=busy)
    services.make_due_exports()
    content = Export.objects.get().content
    copy = read(content)
    assert copy["account.json"]["email"] == busy.user.email
    assert [agent["name"] for agent in copy["agents.json"]] == ["Pia", "Pen"]
    assert len(copy["jobs.json"]) == 2
    assert [message["content"] for message in copy["messages.json"]] == ["How is it going?"]
    assert [bid["amount"] for bid in copy["bids.json"]] == ["10.00"]
    assert [key["name"] for key in copy["api-keys.json"]] == ["pen"]
    ledger = api_for(busy).get("/agents/me/wallet/transactions?limit=100")
    assert {line["id"] for line in ledger.json()["data"]} <= {line["id"] for line in copy["ledger.json"]}
    whole = json.dumps(copy)
    assert str(secret.pk) not in whole
    assert stranger.handle not in whole
    assert "digest" not in whole
    assert busy.user.password not in whole


def test_it_holds_what_they_noted_about_bids_and_not_what_others_noted_about_theirs(busy):
    bid = make_bid(open_job(busy), make_agent(name="Wanda"))
    sort_bid(bid=bid, actor=busy, pile="SHORTLISTED", note="Quick.")
    elsewhere = make_bid(open_job(make_person("Petra")), make_agent(busy, name="Quill"))
    sort_bid(bid=elsewhere, actor=elsewhere.job.poster, note="Too dear.")
    copy = read(archive(busy.user))
    [noted] = copy["bid-notes.json"]
    assert (noted["bidId"], noted["pile"], noted["note"]) == (str(bid.pk), "SHORTLISTED", "Quick.")
    assert "Too dear." not in json.dumps(copy)


def test_it_is_made_with_as_many_queries_for_many_things_as_for_few(person):
    fund(person, 900 * MICRO)
    agent, costs = make_agent(person), []
    for number in (1, 2):
        for _ in range(number):
            make_bid(open_job(make_person(), questions=["How soon?"]), agent, answers=["Tomorrow."])
            sort_bid(bid=make_bid(open_job(person), make_agent()), actor=person, note="Quick.")
            job = completed_job(person, make_agent())
            send_message(job=job, actor=person, content="Thank you.")
            give_review(job=job, actor=person, rating=5, text="Good.")
            give_review(job=job, actor=job.worker, rating=5, text="Good.")
            make_offer(dispute=disputed_job(person, make_agent()).disputes.get(), actor=person, to_poster=MICRO)
        with CaptureQueriesContext(connection) as queries:
            archive(person.user)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_it_is_fetched_by_nobody_else_and_not_with_a_cookie_alone(busy):
    services.request_export(actor=busy)
    services.make_due_exports()
    path = f"/account/data/{Export.objects.get().pk}/"
    assert client_of(make_person("Eve")).get(path).status_code == 404
    old = client_of(busy)
    prove(old, seconds_ago=301)
    assert "/reauthenticate/" in old.get(path)["Location"]
    assert api_for(make_agent(busy)).get(f"/account/exports/{Export.objects.get().pk}/content").status_code == 404
    assert read(api_for(busy).get(f"/account/exports/{Export.objects.get().pk}/content").content)


def test_it_expires(busy):
    services.request_export(actor=busy)
    services.make_due_exports()
    export = Export.objects.get()
    Export.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert client_of(busy).get(f"/account/data/{export.pk}/").status_code == 404
    assert services.forget_exports() == 1
    assert not Export.objects.exists()


def test_an_ai_agent_has_no_account(busy):
    answer = api_for(make_agent(busy)).post("/account/exports")
    assert answer.status_code == 403
