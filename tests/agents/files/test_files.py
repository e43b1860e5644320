"""Files: kept for their owner, read by those who read what they are attached to, forgotten when nobody wants them."""

import hashlib
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from agents.files import services
from agents.files.models import StoredFile, storage
from agents.models import Agent
from jobs.conversations.services import send_message
from jobs.services import submit_output, update_job
from tests.agents.files.uploads import image, kept, send
from tests.factories import draft_job, make_person, open_job, started_job
from tests.fixtures import ApiClient, api_for
from tests.racing import race


def age(file: StoredFile, days: float) -> None:
    """Makes a file older than it is, which its trigger lets nobody do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE files_storedfile SET created_at = now() - %s WHERE id = %s", [timedelta(days=days), file.pk]
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_a_file_goes_up_and_comes_down_as_it_was(poster: Agent, poster_api: ApiClient) -> None:
    """FEATURES F14."""
    answer = send(poster_api, "notes.md", b"# Notes")
    assert answer.status_code == 201
    file = answer.json()["data"]
    assert (file["name"], file["contentType"], file["sizeBytes"]) == ("notes.md", "text/markdown; charset=utf-8", 7)
    assert file["sha256"] == hashlib.sha256(b"# Notes").hexdigest()
    assert poster_api.get(f"/files/{file['id']}").json()["data"] == file
    assert [row["id"] for row in poster_api.get("/files").json()["data"]] == [file["id"]]
    content = poster_api.get(f"/files/{file['id']}/content")
    assert (content.getvalue(), content["Content-Type"]) == (b"# Notes", "application/octet-stream")
    assert file["url"].endswith(f"/v1/files/{file['id']}/content")


def test_sent_again_with_its_key_it_is_kept_once(poster: Agent, poster_api: ApiClient, problem: Any) -> None:
    """The form's separators differ each time; another content is another request."""
    answers = [send(poster_api, content=b"once", idempotency_key="f1").json()["data"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert problem(send(poster_api, content=b"else", idempotency_key="f1"))[:2] == (422, "IDEMPOTENCY_KEY_REUSED")
    assert StoredFile.objects.count() == 1


def test_a_session_uploads_as_a_key_does(poster: Agent, poster_api: ApiClient) -> None:
    api = ApiClient()
    api.client = Client(headers={"Origin": "http://testserver"})
    api.client.force_login(poster.user)
    assert send(api).status_code == 201


def test_only_a_form_brings_a_file(poster_api: ApiClient, poster: Agent, problem: Any) -> None:
    assert problem(poster_api.post("/files", {"file": "text"}))[0] == 415
    assert problem(poster_api.client.post("/v1/files", {"file": "text"})) == (400, "VALIDATION_FAILED", ["file"])
    assert problem(poster_api.client.post("/v1/files", {})) == (400, "VALIDATION_FAILED", ["file"])


@pytest.fixture
def scene(poster: Agent, worker: Agent) -> dict[str, StoredFile]:
    """One file for each place that a file can be in, on one job in work, but for what is in the names."""
    files = {name: kept(poster, f"{name}.txt") for name in ("unattached", "open", "draft", "offer", "message")}
    open_job(poster, attachments=[files["open"].pk])
    draft_job(poster, attachments=[files["draft"].pk])
    open_job(poster, invited=worker, terms={"bidding": "direct"}, attachments=[files["offer"].pk])
    job = started_job(poster, worker)
    send_message(job=job, actor=poster, attachments=[files["message"].pk])
    files["submission"] = kept(worker, "submission.txt")
    submit_output(job=job, actor=worker, output_data={}, files=[files["submission"].pk])
    return files


READERS = {
    "unattached": {"poster"},
    "open": {"poster", "worker", "outsider", "anonymous"},
    "draft": {"poster"},
    "offer": {"poster", "worker"},
    "message": {"poster", "worker"},
    "submission": {"poster", "worker"},
}


@pytest.mark.parametrize("place", READERS)
def test_who_reads_what_it_is_attached_to_reads_it(
    scene: dict[str, StoredFile], poster: Agent, worker: Agent, outsider: Agent, place: str
) -> None:
    """Others are answered as if there were no such file (SURVIVE S1)."""
    file, nowhere = scene[place], "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"
    apis = {
        "poster": api_for(poster),
        "worker": api_for(worker),
        "outsider": api_for(outsider),
        "anonymous": ApiClient(),
    }
    for name, api in apis.items():
        for path in (f"/files/{file.pk}", f"/files/{file.pk}/content"):
            answer = api.get(path)
            # Read to its end, which closes it.
            answer.getvalue()
            if name in READERS[place]:
                assert answer.status_code == 200, (name, path)
            else:
                strange = api.get(path.replace(str(file.pk), nowhere))
                assert (answer.status_code, answer.json()["detail"]) == (404, strange.json()["detail"]), (name, path)


def test_pages_serve_what_the_api_serves(scene: dict[str, StoredFile], outsider: Agent) -> None:
    stranger = Client()
    assert stranger.get(scene["open"].get_absolute_url()).getvalue() == b"Some notes."
    for place in READERS.keys() - {"open"}:
        assert stranger.get(scene[place].get_absolute_url()).status_code == 404


def test_a_picture_is_shown_and_has_a_smaller_one(poster: Agent) -> None:
    file = kept(poster, "photo.png", image(size=(1600, 900)))
    browser = Client()
    browser.force_login(poster.user)
    shown = browser.get(file.get_absolute_url())
    assert shown["Content-Disposition"].startswith("inline")
    assert len(shown.getvalue()) == file.size
    small = browser.get(f"/files/{file.pk}/preview")
    assert small["Content-Type"] == "image/webp"
    assert len(small.getvalue()) < file.size
    assert "no-cache" in small["Cache-Control"]
    assert browser.get(f"/files/{file.pk}/preview", headers={"If-None-Match": small["ETag"]}).status_code == 304


def test_what_is_attached_stays(
    scene: dict[str, StoredFile],
    poster_api: ApiClient,
    worker_api: ApiClient,
    problem: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Only its owner deletes a file, and only while nothing holds it."""
    for place in ("open", "message"):
        assert problem(poster_api.delete(f"/files/{scene[place].pk}"))[:2] == (409, "FILE_IN_USE")
    assert problem(worker_api.delete(f"/files/{scene['message'].pk}"))[0] == 403
    assert problem(worker_api.delete(f"/files/{scene['unattached'].pk}"))[0] == 404
    file = scene["unattached"]
    with django_capture_on_commit_callbacks(execute=True):
        assert poster_api.delete(f"/files/{file.pk}").status_code == 200
    assert not storage().exists(file.path)
    assert poster_api.get(f"/files/{file.pk}").status_code == 404


def test_only_ones_own_files_are_attached(poster: Agent, worker: Agent, poster_api: ApiClient, problem: Any) -> None:
    foreign = kept(worker)
    body = {"title": "Job", "budgetUsdc": "5", "attachmentIds": [str(foreign.pk)]}
    assert problem(poster_api.post("/jobs", body)) == (400, "VALIDATION_FAILED", ["attachmentIds"])
    body["attachmentIds"] = ["01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"]
    assert problem(poster_api.post("/jobs", body)) == (400, "VALIDATION_FAILED", ["attachmentIds"])
    body["attachmentIds"] = [str(kept(poster).pk) for _ in range(6)]
    assert problem(poster_api.post("/jobs", body)) == (400, "VALIDATION_FAILED", ["attachmentIds"])


def test_the_suspended_upload_nothing(outsider: Agent, outsider_api: ApiClient, problem: Any) -> None:
    Agent.objects.filter(pk=outsider.pk).update(status=Agent.Status.SUSPENDED)
    assert problem(send(outsider_api))[0] in (401, 403)
    assert not StoredFile.objects.exists()


def test_what_nobody_attached_is_forgotten_after_a_day(
    scene: dict[str, StoredFile], poster: Agent, django_capture_on_commit_callbacks: Any
) -> None:
    """By the clock; with its content, its preview, and contents that never had a row."""
    young, old = kept(poster), kept(poster, "photo.png", image())
    for file in (*scene.values(), old):
        age(file, 1.01)
    lost, fresh = (
        f"{timezone.now() - timedelta(days=days):%Y-%m-%d}/{kind}" for days, kind in ((3, "lost"), (0, "now"))
    )
    for path in (lost, fresh):
        storage().delete(path)
        storage().save(path, ContentFile(b"orphan"))
    with django_capture_on_commit_callbacks(execute=True):
        assert services.forget_files() == 2
    kept_files = set(StoredFile.objects.values_list("pk", flat=True))
    assert kept_files == {file.pk for name, file in scene.items() if name != "unattached"} | {young.pk}
    assert [storage().exists(path) for path in (*old.paths, young.path, lost, fresh)] == [
        False,
        False,
        True,
        False,
        True,
    ]
    storage().delete(fresh)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_attached_or_deleted_never_both(poster: Agent) -> None:
    """Whoever comes first; the other one is refused."""
    for _ in range(5):
        file, job = kept(poster), draft_job(poster)
        race(
            [
                partial(services.delete_file, file=file, actor=poster),
                partial(update_job, job=job, actor=poster, attachments=[file.pk]),
            ]
        )
        held = job.attachments.filter(file_id=file.pk).exists()
        assert StoredFile.objects.filter(pk=file.pk).exists() == held
        assert storage().exists(file.path) == held


@pytest.mark.django_db(transaction=True)
def test_the_quota_holds_in_a_race(settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1000
    owner = make_person("Quinn")
    race([partial(kept, owner, content=b"n" * 400)] * 8)
    assert StoredFile.objects.filter(owner=owner).count() == 2
