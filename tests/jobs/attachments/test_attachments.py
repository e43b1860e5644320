"""Files beside a job's description, and files as work that is handed in (FEATURES F14)."""

import json
from typing import Any

import pytest
from django.db import transaction

from agents.files.models import StoredFile
from agents.models import Agent
from jobs.attachments.models import SubmissionFile
from jobs.models import Job
from jobs.services import update_job
from marketplace.errors import Invalid
from marketplace.events.models import Event
from tests.agents.files.uploads import kept, upload
from tests.factories import draft_job, make_bid, make_person, open_job, started_job
from tests.fixtures import ApiClient
from tests.pages import client_of


def ids(*files: StoredFile) -> list[str]:
    return [str(file.pk) for file in files]


def names(job: Any) -> list[str]:
    return [attachment.file.name for attachment in job.attachments.all()]


def test_a_job_is_posted_with_files(poster: Agent, poster_api: ApiClient) -> None:
    brief, logo = kept(poster, "brief.pdf", b"%PDF-1.7\n"), kept(poster, "logo.txt")
    body = {"title": "Job", "description": "See the brief.", "budgetUsdc": "5", "attachmentIds": ids(logo, brief)}
    job = poster_api.post("/jobs", body).json()["data"]
    assert [file["name"] for file in job["attachments"]] == ["logo.txt", "brief.pdf"]
    assert job["attachments"][1]["contentType"] == "application/pdf"


def test_files_of_an_open_job_are_changed(poster: Agent, poster_api: ApiClient) -> None:
    """All that are named are there, in that order, and no others; bidders are told that something changed."""
    one, two, three = (kept(poster, f"{name}.txt") for name in ("one", "two", "three"))
    job = open_job(poster, attachments=[one.pk, two.pk])
    changed = poster_api.patch(f"/jobs/{job.pk}", {"attachmentIds": ids(three, two)}).json()["data"]
    assert [file["name"] for file in changed["attachments"]] == ["three.txt", "two.txt"]
    assert Event.objects.get(type="job.updated").data["changed"] == ["attachments"]
    poster_api.patch(f"/jobs/{job.pk}", {"attachmentIds": ids(three, two)})
    assert Event.objects.filter(type="job.updated").count() == 1
    poster_api.patch(f"/jobs/{job.pk}", {"attachmentIds": []})
    assert names(job) == []


def test_what_an_agent_may_take_at_once_keeps_its_files(poster: Agent, worker: Agent) -> None:
    """They are part of what is to be done: a yes must mean what was read."""
    offer = open_job(poster, invited=worker, terms={"bidding": "direct"})
    with pytest.raises(Invalid, match="post it anew"):
        update_job(job=offer, actor=poster, attachments=[kept(poster).pk])
    job = open_job(poster, terms={"bidding": "reverse_auction", "bidding_window_seconds": 3600, "auto_accept": True})
    make_bid(job, worker)
    with pytest.raises(Invalid, match="post it anew"):
        update_job(job=job, actor=poster, attachments=[kept(poster).pk])


def test_an_owner_keeps_what_its_agent_attached(poster: Agent, worker: Agent) -> None:
    """Whoever may change the job names its files again, whoever brought them."""
    owner = worker.owner.agent
    file = kept(worker)
    job = draft_job(worker, attachments=[file.pk])
    update_job(job=job, actor=owner, attachments=[kept(owner, "more.txt").pk, file.pk])
    assert names(job) == ["more.txt", "notes.txt"]


@pytest.fixture
def job(poster: Agent, worker: Agent) -> Any:
    return started_job(poster, worker)


def submitted(api: ApiClient, job: Any) -> Any:
    return api.get(f"/jobs/{job.pk}").json()["data"]["submission"]


def test_work_is_handed_in_as_files(job: Any, worker: Agent, worker_api: ApiClient, poster_api: ApiClient) -> None:
    """By their ids, with data or alone."""
    report = kept(worker, "report.pdf", b"%PDF-1.7\nreport")
    assert worker_api.patch(f"/jobs/{job.pk}/submit", {"fileIds": ids(report)}).status_code == 200
    [file] = submitted(poster_api, job)["files"]
    assert (file["name"], file["sha256"]) == ("report.pdf", report.sha256)
    assert Event.objects.get(type="job.submitted").data["fileIds"] == ids(report)
    assert poster_api.get(f"/files/{report.pk}/content").getvalue() == b"%PDF-1.7\nreport"


def test_work_is_handed_in_as_a_form(job: Any, worker_api: ApiClient, poster_api: ApiClient) -> None:
    """Files and data in one request."""
    form = {"outputData": json.dumps({"summary": "Done."}), "files": [upload("a.txt", b"a"), upload("b.csv", b"b")]}
    assert worker_api.client.post(f"/v1/jobs/{job.pk}/submit", form).status_code == 200
    submission = submitted(poster_api, job)
    assert submission["outputData"] == {"summary": "Done."}
    assert [file["name"] for file in submission["files"]] == ["a.txt", "b.csv"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"files": [upload("a.exe", b"MZ")]}, "file"),
        ({"fileIds": '["01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"]'}, "fileIds"),
        ({"outputData": "{not JSON"}, ""),
        ({}, "outputData"),
    ],
)
def test_what_is_wrong_with_a_form_is_named(
    job: Any, worker_api: ApiClient, problem: Any, form: dict[str, Any], field: str
) -> None:
    answer = problem(worker_api.client.post(f"/v1/jobs/{job.pk}/submit", form))
    assert answer == (400, answer[1], [field] if field else [])
    job.refresh_from_db()
    assert job.status == "IN_PROGRESS"


def test_nobody_else_stores_files_by_handing_in(job: Any, outsider_api: ApiClient, problem: Any) -> None:
    form = {"files": [upload("a.txt", b"a")]}
    assert problem(outsider_api.client.post(f"/v1/jobs/{job.pk}/submit", form))[0] == 403
    assert not StoredFile.objects.exists()


def test_what_was_handed_in_stays(job: Any, worker: Agent, worker_api: ApiClient) -> None:
    worker_api.patch(f"/jobs/{job.pk}/submit", {"fileIds": ids(kept(worker))})
    with pytest.raises(Exception, match="Cannot"), transaction.atomic():
        SubmissionFile.objects.all().delete()


def test_a_poster_changes_the_files_of_an_open_job_on_its_page(poster: Agent) -> None:
    """What was uploaded beside a mistake is not lost."""
    first, second = kept(poster, "first.txt"), kept(poster, "second.txt")
    job = open_job(poster, attachments=[first.pk, second.pk])
    client, address = client_of(poster), f"/jobs/{job.pk}/update/"
    form = {"title": "", "description": "Anew.", "budget": "50", "deadline_at": f"{job.deadline_at:%Y-%m-%dT%H:%M}"}
    refused = client.post(address, form | {"attachments_kept": [second.pk], "attachments": [upload("third.txt")]})
    ticked = [str(file.pk) for file in refused.context["form"].fields["attachments"].widget.kept]
    assert (refused.status_code, names(job)) == (400, ["first.txt", "second.txt"])
    assert client.post(address, form | {"title": "Better", "attachments_kept": ticked}).status_code == 302
    job = Job.objects.get()
    assert (job.title, names(job)) == ("Better", ["second.txt", "third.txt"])
    forged = form | {"title": "Best", "attachments_kept": [str(kept(make_person("Mallory")).pk)]}
    assert client.post(address, forged).status_code == 302
    assert names(Job.objects.get()) == []
