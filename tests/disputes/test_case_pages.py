"""A dispute in pages, for both sides and for those between them (issue 8)."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agents.files.models import StoredFile
from agents.files.services import store_file
from agents.models import Agent
from disputes.evidence import add_evidence, ask, content_hash
from disputes.models import Dispute, Mediator, Offer
from disputes.offers import OfferNotPending, accept_offer, make_offer
from disputes.services import close_dispute, escalate, open_dispute, resolve_dispute, respond
from jobs.conversations.services import send_message
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.services import submit_output
from jobs.shares import divide
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.factories import FUNDS, OUTPUT, PRICE, completed_job, make_agent, make_person, started_job, submitted_job
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, text_of
from wallets.queries import balance

pytestmark = pytest.mark.django_db
WRONG = "Half of it is missing."


def a_file(agent: Agent, name: str = "brief.txt") -> StoredFile:
    return store_file(actor=agent, upload=SimpleUploadedFile(name, b"Five names."))


@pytest.fixture
def dispute(poster: Agent, worker: Agent) -> Dispute:
    return open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG)


@pytest.fixture
def mediator(db: None) -> Agent:
    agent = make_agent(name="Mia")
    Mediator.objects.create(agent=agent, appointed_by=make_person("Olga", is_staff=True))
    return agent


def test_it_is_opened_with_a_text_a_file_and_what_is_asked_for(poster: Agent, worker: Agent) -> None:
    """S14: one page asks what is wrong, what shows it and what is wanted."""
    job = submitted_job(poster, worker)
    typed = {"category": "NOT_AS_AGREED", "reason": WRONG, "text": "The brief.", "outcome": "SPLIT", "amount": "30.00"}
    files = {"files": SimpleUploadedFile("brief.txt", b"Five names.")}

    answer = client_of(poster).post(f"/jobs/{job.pk}/dispute/", typed | files)

    dispute = Dispute.objects.get()
    assert answer["Location"] == f"/disputes/{dispute.pk}/"
    assert (dispute.category, dispute.asked_to_poster) == ("NOT_AS_AGREED", 30 * MICRO)
    shown = dispute.evidence.get()
    file = shown.attachments.get().file
    assert shown.content_hash == content_hash("The brief.", "", [file.sha256])
    page = text_of(client_of(worker).get(f"/disputes/{dispute.pk}/"))
    assert "brief.txt" in page and "30.00 USDC back to Paula, 47.50 USDC to Wanda" in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"category": ""}, "category"),
        ({"amount": ""}, "amount"),
        ({"amount": "80.01"}, "amount"),
        ({"link": "javascript:alert(1)"}, "link"),
    ],
)
def test_what_is_wrong_with_it_stands_beside_the_field_and_nothing_typed_is_lost(poster, worker, typed, field) -> None:
    job = submitted_job(poster, worker)
    body = {"category": "QUALITY", "reason": WRONG, "text": "See.", "outcome": "SPLIT", "amount": "10", **typed}
    answer = client_of(poster).post(f"/jobs/{job.pk}/dispute/", body)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert "See." in answer.content.decode()
    assert not Dispute.objects.exists()


def test_an_offer_shows_to_the_micro_usdc_who_gets_what_before_it_is_made(poster, worker, dispute) -> None:
    client, address = client_of(worker), f"/disputes/{dispute.pk}/offer/"
    typed = {"outcome": "SPLIT", "amount": "33.333333", "note": "A third."}

    checked = client.post(address, typed)

    assert "Back to Paula 33.333333 USDC" in text_of(checked)
    division = divide(dispute.job, 33_333_333)
    assert division.to_poster + division.fee + division.payout == PRICE
    assert "Fee (5% of the worker’s part) 2.333333 USDC Wanda receives 44.333334 USDC" in text_of(checked)
    assert not Offer.objects.exists()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', checked.content.decode()))
    assert {name: hidden[name] for name in typed} == typed
    changed = client.post(address, typed | {"change": ""})
    assert 'value="33.333333"' in changed.content.decode() and not Offer.objects.exists()
    assert client.post(address, typed | {"confirmed": ""}).status_code == 302
    assert Offer.objects.get().to_poster == 33_333_333


def test_what_the_page_says_before_it_is_accepted_is_what_the_ledger_does(poster, worker, dispute) -> None:
    offer = make_offer(dispute=dispute, actor=worker, to_poster=33_333_333)
    address = f"/disputes/{dispute.pk}/offers/{offer.pk}/accept/"
    client = client_of(poster)

    assert "Wanda receives 44.333334 USDC" in text_of(client.get(address))
    assert Dispute.objects.get().is_open
    client.post(address)

    assert (balance(poster).available, balance(worker).available) == (FUNDS - PRICE + 33_333_333, 44_333_334)
    ended = text_of(client.get(f"/disputes/{dispute.pk}/"))
    assert "Both sides agreed" in ended and "Wanda receives 44.333334 USDC" in ended
    assert "cannot be answered any more" in text_of(client.post(address)) or client.post(address).status_code == 409


def test_what_the_opener_asks_is_accepted_directly(poster: Agent, worker: Agent) -> None:
    """NEWCOMER: the other side need not offer what it is asked for; one page says the sums and settles it."""
    dispute = open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG, asked_to_poster=30 * MICRO)
    assert "Waiting for Wanda" in text_of(client_of(poster).get(f"/disputes/{dispute.pk}/"))
    client = client_of(worker)
    page = client.get(f"/disputes/{dispute.pk}/")
    assert "Paula asked for this" in text_of(page)
    [address] = re.findall(r'href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?Accept what they ask', page.content.decode())

    assert "Back to Paula 30.00 USDC" in text_of(client.get(address))
    client.post(address)

    ended = Dispute.objects.get()
    assert (ended.resolution, ended.to_poster) == ("AGREEMENT", 30 * MICRO)
    assert (balance(poster).available, balance(worker).available) == (FUNDS - PRICE + 30 * MICRO, 47_500_000)


def test_what_the_opener_asks_is_accepted_over_http(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker)
    opened = api_for(worker).post(f"/jobs/{job.pk}/disputes", {"reason": WRONG, "outcome": "PAY"}).json()["data"]
    [offer] = opened["offers"]
    assert (offer["side"], offer["posterUsdc"], offer["status"]) == ("WORKER", "0.00", "PENDING")
    answer = api_for(poster).post(f"/disputes/{opened['id']}/offers/{offer['id']}/accept").json()["data"]
    assert (answer["status"], answer["outcome"], answer["payoutUsdc"]) == ("RESOLVED", "PAY", "76.00")


def test_what_the_opener_asks_falls_once_it_offers_something_else(poster: Agent, worker: Agent) -> None:
    dispute = open_dispute(job=submitted_job(poster, worker), actor=poster, reason=WRONG, asked_to_poster=30 * MICRO)
    asked = dispute.offers.get()
    make_offer(dispute=dispute, actor=poster, to_poster=50 * MICRO)
    with pytest.raises(OfferNotPending):
        accept_offer(offer=asked, actor=worker)


def test_a_mediator_reads_the_work_and_the_messages_asks_proposes_and_rules(poster, worker, mediator) -> None:
    """S15: with what both sides handed in before, files included, in pages and over HTTP."""
    job = started_job(poster, worker)
    file, picture = a_file(worker, "names.txt"), a_file(poster, "note.txt")
    submit_output(job=job, actor=worker, output_data=OUTPUT, files=[file.pk])
    job.refresh_from_db()
    send_message(job=job, actor=poster, content="Five, please.", attachments=[picture.pk])
    dispute = open_dispute(job=job, actor=poster, reason=WRONG)
    client, api = client_of(mediator), api_for(mediator)
    files = [f"/v1/files/{one.pk}" for one in (file, picture)]

    assert [api.get(address.removeprefix("/v1")).status_code for address in files] == [404, 404]
    assert client.get(f"/disputes/{dispute.pk}/").status_code == 404
    escalate(dispute=dispute, actor=worker)
    assert [api.get(address.removeprefix("/v1")).status_code for address in files] == [200, 200]
    told = api.get(f"/disputes/{dispute.pk}/messages").json()["data"]
    assert [message["content"] for message in told] == ["Five, please."]
    work = text_of(client.get(f"/disputes/{dispute.pk}/work/"))
    assert "Five, please." in work and "names.txt" in work and "note.txt" in work

    assert "You mediate" in text_of(client.get(f"/disputes/{dispute.pk}/"))
    client.post(f"/disputes/{dispute.pk}/ask/", {"of": "WORKER", "question": "Where is the rest?"})
    question = dispute.information_requests.get()
    assert "The mediator asks you" in text_of(client_of(worker).get(f"/disputes/{dispute.pk}/"))
    answer = {"text": "In the post.", "answers": str(question.pk)}
    client_of(worker).post(f"/disputes/{dispute.pk}/add-evidence/", answer)
    assert question.answers.get().text == "In the post."
    client.post(f"/disputes/{dispute.pk}/propose/", {"outcome": "REFUND", "confirmed": ""})
    assert Offer.objects.get().side == "MEDIATOR"
    assert client.get(f"/disputes/{dispute.pk}/resolve/").status_code == 403
    escalate(dispute=dispute, actor=worker)
    client.post(f"/disputes/{dispute.pk}/resolve/", {"outcome": "PAY", "note": "All is there.", "confirmed": ""})
    assert (Dispute.objects.get().resolved_by, Job.objects.get().status) == (mediator.owner.agent, Status.COMPLETED)


@pytest.mark.parametrize("how", ["close", "resolve"])
def test_the_mediator_hears_how_it_ended(poster, mediator, dispute, how) -> None:
    for _ in range(2):
        escalate(dispute=dispute, actor=poster)
    if how == "close":
        close_dispute(dispute=dispute, actor=poster)
    else:
        resolve_dispute(dispute=dispute, actor=mediator, to_poster=0, note="All is there.")
    told = Event.objects.get(type={"close": "dispute.closed", "resolve": "dispute.resolved"}[how])
    assert mediator.pk in told.audience


@pytest.mark.parametrize("to_poster", [0, 1, PRICE // 3])
def test_to_feign_a_dispute_never_pays(poster, worker, dispute, to_poster) -> None:
    """M7: a ruling for the worker keeps as much of what it pays as an approval, however low the dispute fee is."""
    operator = make_person("Olga", is_staff=True)
    assert dispute.job.rules.dispute_fee_bps < dispute.job.rules.release_fee_bps
    division = divide(dispute.job, to_poster)
    resolve_dispute(dispute=dispute, actor=operator, to_poster=to_poster, note="As it is.")
    part = PRICE - to_poster
    assert balance(worker).available == division.payout == part - (part * 500 + 5000) // 10_000


def test_a_file_stays_with_the_evidence_that_shows_it(poster, worker, outsider, dispute, mediator) -> None:
    """S14, M5: hashed as it was uploaded, readable by the people of the dispute alone, and not taken away."""
    file = a_file(worker)
    worker_api = api_for(worker)
    shown = add_evidence(dispute=dispute, actor=worker, file_ids=[file.pk])
    assert shown.content_hash == content_hash("", "", [file.sha256])
    read = {agent.name: api_for(agent).get(f"/files/{file.pk}").status_code for agent in (poster, worker, outsider)}
    assert list(read.values()) == [200, 200, 404]
    assert worker_api.delete(f"/files/{file.pk}").status_code == 409
    told = api_for(poster).get(f"/disputes/{dispute.pk}").json()["data"]["evidence"][0]
    assert [(one["name"], one["sha256"]) for one in told["files"]] == [("brief.txt", file.sha256)]


def test_files_of_others_are_no_evidence(poster, worker, worker_api: ApiClient, dispute, problem) -> None:
    body = {"text": "Mine.", "fileIds": [str(a_file(poster).pk)]}
    assert problem(worker_api.post(f"/disputes/{dispute.pk}/evidence", body))[::2] == (400, ["fileIds"])
    assert not dispute.evidence.exists()


def test_the_list_says_which_wait_for_the_reader(poster, worker, mediator, dispute) -> None:
    """An unanswered dispute, an offer, a question, and a case to mediate, also for the owner of an agent."""

    def waits_for(agent: Agent) -> bool:
        return "Needs you" in text_of(client_of(agent).get("/disputes/"))

    assert [waits_for(agent) for agent in (poster, worker)] == [False, True]
    respond(dispute=dispute, actor=worker, statement="It is all there.")
    assert [waits_for(agent) for agent in (poster, worker)] == [False, False]
    make_offer(dispute=dispute, actor=worker, to_poster=0)
    assert [waits_for(agent) for agent in (poster, worker)] == [True, False]
    escalate(dispute=dispute, actor=worker)
    ask(dispute=dispute, actor=mediator, of="WORKER", question="Where is it?")
    assert [waits_for(agent) for agent in (worker, mediator)] == [True, True]


def test_strangers_and_visitors_see_nothing_of_it(outsider, dispute) -> None:
    address = f"/disputes/{dispute.pk}/"
    for path in (address, f"{address}work/", f"{address}offer/", f"{address}close/"):
        assert client_of(outsider).get(path).status_code == 404
        assert Client().get(path)["Location"].startswith("/account/login/")


def test_what_cannot_be_done_any_more_is_said_on_the_page_of_the_case(poster, worker, dispute) -> None:
    close_dispute(dispute=dispute, actor=poster, reason="My mistake.")
    answer = client_of(worker).get(f"/disputes/{dispute.pk}/offer/")
    assert answer.status_code == 409
    assert "This dispute has ended." in text_of(answer)
    assert "My mistake." in text_of(answer)


def test_an_operator_of_another_role_reads_and_does_nothing(dispute) -> None:
    client = client_of(make_person("Sue", is_staff=True))
    page = client.get(f"/disputes/{dispute.pk}/")
    assert page.status_code == 200 and page.context["actions"] == []
    assert client.post(f"/disputes/{dispute.pk}/resolve/", {"outcome": "PAY", "note": "So."}).status_code == 403


def test_the_room_of_the_job_leads_to_the_case(poster, worker, outsider, dispute) -> None:
    room = f"/jobs/{dispute.job_id}/"
    assert f"/disputes/{dispute.pk}/" in client_of(worker).get(room).content.decode()
    assert f"/disputes/{dispute.pk}/" not in client_of(outsider).get(room).content.decode()
    resolve_dispute(dispute=dispute, actor=make_person("Olga", is_staff=True), to_poster=0, note="As it is.")
    assert "How the dispute ended" in text_of(client_of(poster).get(room))
    calm = completed_job(poster, worker)
    assert "How the dispute ended" not in text_of(client_of(poster).get(f"/jobs/{calm.pk}/"))
