"""What an agent offers in public, from draft to verified (FEATURES F4, F9; SURVIVE S1, S8)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agents.files.services import store_file
from agents.listings import services
from agents.listings.models import Listing, Sample
from agents.listings.rules import MOVES
from agents.models import Agent
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from tests.agents.listings.listed import WORDS, draft_listing, list_agent
from tests.factories import make_agent, make_person
from tests.fixtures import api_for
from tests.pages import client_of, text_of

Status = Listing.Status
DO = {
    "publish": services.publish_listing,
    "withdraw": services.withdraw_listing,
    "hide": services.hide_listing,
    "show": services.show_listing,
    "verify": services.verify_listing,
    "reject": lambda **who: services.reject_listing(reason="Too vague.", **who),
}
WROTE = {"categories": ["writing"], "base_price": "25", "unit": "JOB", **WORDS}


@pytest.fixture
def operator(db: None) -> Agent:
    return make_person("Olga", is_staff=True)


def put(agent: Agent, status: str) -> None:
    """Brings the listing there without the verbs, which are what is tested."""
    draft_listing(agent)
    Listing.objects.filter(agent=agent).update(status=status)


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("verb", MOVES)
def test_a_listing_moves_by_the_table_alone(worker, operator, problem, verb, status):
    """F9: every verb in every status, by whom the table names and by nobody else."""
    put(worker, status)
    owner = worker.owner.agent
    mine, other = (operator, owner) if MOVES[verb].is_operators else (owner, operator)
    with pytest.raises(NotAllowed):
        DO[verb](agent=worker, actor=other)
    if status in MOVES[verb].sources:
        assert DO[verb](agent=worker, actor=mine).status == MOVES[verb].target
        assert Event.objects.latest("id").data["status"] == MOVES[verb].target
    else:
        with pytest.raises(Exception, match="cannot do"):
            DO[verb](agent=worker, actor=mine)
        assert Listing.objects.get().status == status


def test_an_operator_does_not_verify_an_agent_of_their_own(operator):
    """M1"""
    agent = make_agent(operator)
    put(agent, Status.PENDING)
    with pytest.raises(NotAllowed, match="Somebody else"):
        services.verify_listing(agent=agent, actor=operator)


@pytest.mark.parametrize("status", Status.values)
def test_people_see_what_is_verified_and_nothing_else(worker, anonymous_api, outsider_api, problem, status):
    """F4: only what is verified is public, and the rest answers as if it were missing."""
    put(worker, status)
    services.add_sample(agent=worker, actor=worker, title="A report", text="Figures.")
    Listing.objects.update(status=status)
    sees = 200 if status == Status.VERIFIED else 404
    for api in (anonymous_api, outsider_api):
        assert api.get(f"/agents/{worker.handle}/listing").status_code == sees
        assert len(api.get(f"/agents/{worker.handle}/samples").json()["data"]) == (1 if sees == 200 else 0)
    assert ("A report" in text_of(Client().get(f"/agents/{worker.handle}/"))) == (sees == 200)
    assert api_for(worker).get(f"/agents/{worker.handle}/listing").json()["data"]["status"] == status


def test_a_suspended_agents_listing_is_out_of_sight(worker, anonymous_api):
    list_agent(worker)
    Agent.objects.filter(pk=worker.pk).update(status=Agent.Status.SUSPENDED)
    assert anonymous_api.get(f"/agents/{worker.handle}/listing").status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"base_price": 5_000_000}, Status.VERIFIED),
        ({"categories": ["research"]}, Status.VERIFIED),
        ({"tagline": WORDS["tagline"]}, Status.VERIFIED),
        ({"tagline": "Something else entirely."}, Status.PENDING),
        ({"description": "Other words."}, Status.PENDING),
    ],
)
def test_words_that_nobody_read_are_not_verified(worker, changes, status):
    """An owner cannot have one text verified and show another."""
    list_agent(worker)
    assert services.save_listing(agent=worker, actor=worker, **changes).status == status


def test_a_new_sample_is_read_too_and_a_hidden_listing_goes_back_to_draft(worker):
    list_agent(worker)
    services.add_sample(agent=worker, actor=worker, title="A report", text="Figures.")
    assert Listing.objects.get().status == Status.PENDING
    Listing.objects.update(status=Status.HIDDEN)
    assert services.save_listing(agent=worker, actor=worker, tagline="New.").status == Status.DRAFT


def test_what_is_missing_is_named_all_at_once(worker_api, worker, problem):
    assert worker_api.patch(f"/agents/{worker.handle}/listing", {"unit": "hour"}).status_code == 200
    answer = problem(worker_api.post(f"/agents/{worker.handle}/listing/publish"))
    assert answer[2] == ["tagline", "description", "basePriceUsdc", "categories"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"basePriceUsdc": "0"}, "basePriceUsdc"),
        ({"basePriceUsdc": "1.0000001"}, "basePriceUsdc"),
        ({"turnaroundHours": 0}, "turnaroundHours"),
        ({"turnaroundHours": 721}, "turnaroundHours"),
        ({"maxRevisions": 11}, "maxRevisions"),
        ({"unit": "fortnight"}, "unit"),
        ({"categories": ["nothing-of-that-name"]}, "categories"),
        ({"tagline": "x" * 201}, "tagline"),
    ],
)
def test_what_cannot_be_is_refused_by_name(worker_api, worker, problem, body, field):
    assert problem(worker_api.patch(f"/agents/{worker.handle}/listing", body))[2] == [field]
    assert not Listing.objects.exists()


def test_ten_samples_and_no_more(worker, worker_api, problem):
    """F9"""
    for number in range(services.SAMPLES_PER_AGENT):
        sent = worker_api.post(f"/agents/{worker.handle}/samples", {"title": f"No. {number}", "data": {"n": number}})
        assert sent.status_code == 201
    refused = worker_api.post(f"/agents/{worker.handle}/samples", {"title": "One more", "text": "x"})
    assert problem(refused)[:2] == (409, "TOO_MANY_SAMPLES")
    gone = worker_api.delete(f"/agents/{worker.handle}/samples/{sent.json()['data']['id']}")
    assert (gone.status_code, Sample.objects.count()) == (200, services.SAMPLES_PER_AGENT - 1)


def test_files_of_a_sample_are_as_public_as_the_listing(worker, worker_api, outsider_api, outsider, problem):
    """S8: and nobody shows the files of others as samples."""
    upload = SimpleUploadedFile("report.txt", b"Figures, and what they say.")
    file = store_file(actor=worker, upload=upload)
    body = {"title": "A report", "fileIds": [str(file.pk)]}
    assert problem(outsider_api.post(f"/agents/{outsider.handle}/samples", body))[2] == ["fileIds"]
    sample = worker_api.post(f"/agents/{worker.handle}/samples", body).json()["data"]
    assert [one["name"] for one in sample["files"]] == ["report.txt"]
    assert outsider_api.get(f"/files/{file.pk}").status_code == 404
    list_agent(worker)
    assert outsider_api.get(f"/files/{file.pk}").status_code == 200


def test_a_sample_shows_something(worker):
    with pytest.raises(Invalid, match="Show something"):
        services.add_sample(agent=worker, actor=worker, title="Nothing")


# The pages


def test_an_owner_writes_publishes_hides_and_shows_it(worker, operator):
    """F9, in pages without JavaScript."""
    client = client_of(worker)
    address = f"/agents/{worker.handle}/listing/"
    client.post(address, {"unit": "JOB", "tagline": "Only this."})
    assert Listing.objects.get().tagline == "Only this."
    refused = client.post(address, {"unit": "JOB", "tagline": "Only this, and that.", "publish": "yes"})
    assert refused.status_code == 400
    assert "Choose at least one." in text_of(refused)
    assert Listing.objects.get().tagline == "Only this, and that."
    client.post(address, {**WROTE, "publish": "yes"})
    assert Listing.objects.get().status == Status.PENDING
    services.verify_listing(agent=worker, actor=operator)
    assert "25.00 USDC for a job" in text_of(Client().get(f"/agents/{worker.handle}/"))
    client.post(f"{address}hide/")
    assert Listing.objects.get().status == Status.HIDDEN
    assert "Show it again" in text_of(client.get(address))
    client.post(f"{address}show/")
    assert Listing.objects.get().status == Status.VERIFIED


def test_a_sample_is_added_and_removed_in_pages(worker):
    client = client_of(worker)
    address = f"/agents/{worker.handle}/samples/"
    broken = client.post(f"{address}add/", {"title": "Data", "output": "{", "text": "kept"})
    assert broken.status_code == 400
    assert "This is not JSON" in text_of(broken)
    assert "kept" in broken.content.decode()
    upload = SimpleUploadedFile("report.txt", b"Figures, and what they say.")
    client.post(f"{address}add/", {"title": "Data", "output": '{"words": 120}', "attachments": [upload]})
    sample = Sample.objects.get()
    assert (sample.data, sample.attachments.get().file.name) == ({"words": 120}, "report.txt")
    page = text_of(client.get(f"/agents/{worker.handle}/listing/"))
    assert "report.txt" in page
    assert "Remove “Data”?" in text_of(client.get(f"{address}{sample.pk}/remove/"))
    client.post(f"{address}{sample.pk}/remove/")
    assert not Sample.objects.exists()


def test_words_of_owners_are_shown_and_never_obeyed(worker):
    """S7: the offer is Markdown made safe."""
    attack = '<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror="alert(1)">'
    draft_listing(worker)
    services.save_listing(agent=worker, actor=worker, description=attack, tagline=attack)
    services.add_sample(agent=worker, actor=worker, title=attack[:90], text=attack)
    page = client_of(worker).get(f"/agents/{worker.handle}/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page


def test_operators_judge_in_the_admin(worker, poster):
    """P2: verify from the list, reject with a reason that the owner reads."""
    admin = client_of(make_person("Root", is_staff=True, is_superuser=True))
    put(worker, Status.PENDING)
    refused = admin.post(f"/admin/listings/listing/{worker.pk}/reject/", {"reason": ""})
    assert "required" in text_of(refused)
    admin.post(f"/admin/listings/listing/{worker.pk}/reject/", {"reason": "Say what it costs."})
    assert "Say what it costs." in text_of(client_of(worker).get(f"/agents/{worker.handle}/listing/"))
    services.publish_listing(agent=worker, actor=worker)
    admin.post("/admin/listings/listing/", {"action": "verify", "_selected_action": [str(worker.pk)]})
    assert Listing.objects.get().status == Status.VERIFIED
    assert client_of(poster).post(f"/admin/listings/listing/{worker.pk}/reject/", {"reason": "No."}).status_code == 302
    assert Listing.objects.get().status == Status.VERIFIED


@pytest.mark.parametrize("count", [1, 3])
def test_managing_an_agent_costs_the_same_however_much_there_is(worker, count, django_assert_max_num_queries):
    list_agent(worker)
    for number in range(count):
        services.add_sample(agent=worker, actor=worker, title=f"No. {number}", text="x")
    client = client_of(worker)
    for path in ("manage/", "listing/", ""):
        with django_assert_max_num_queries(12):
            assert client.get(f"/agents/{worker.handle}/{path}").status_code == 200
