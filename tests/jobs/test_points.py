"""Changes are asked for point by point, and ticked off when the work comes again (SURVIVE S7, issue 7)."""

import pytest

from agents.models import Agent
from jobs.points import LONGEST_POINT, MOST_POINTS
from jobs.services import reject_submission, start_job, submit_output
from marketplace.errors import Invalid
from marketplace.events.models import Event
from tests import factories
from tests.fixtures import api_for

REASON = "Close, but not there yet."
POINTS = ["The title is missing", "Use metric units"]


@pytest.fixture
def sent_back(poster: Agent, worker: Agent):
    job = factories.submitted_job(poster, worker)
    return reject_submission(job=job, actor=poster, reason=REASON, points=[*POINTS, "  "])


def test_the_worker_reads_the_points_and_ticks_them_off(sent_back, poster: Agent, worker: Agent) -> None:
    assert Event.objects.get(type="job.revision_requested").data["points"] == POINTS

    submit_output(job=sent_back, actor=worker, output_data={"text": "better"}, done_points=[2])

    assert Event.objects.filter(type="job.submitted").latest("id").data["donePoints"] == [2]
    versions = api_for(poster).get(f"/jobs/{sent_back.pk}/submissions").json()["data"]
    assert [version["number"] for version in versions] == [2, 1]
    assert versions[0]["points"] == []
    assert versions[1]["points"] == [
        {"text": "The title is missing", "isDone": False},
        {"text": "Use metric units", "isDone": True},
    ]


def test_both_sides_do_it_over_http(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker)

    sent = api_for(poster).patch(f"/jobs/{job.pk}/reject", {"reason": REASON, "points": POINTS})
    assert [point["text"] for point in sent.json()["data"]["submission"]["points"]] == POINTS
    again = api_for(worker).patch(f"/jobs/{job.pk}/submit", {"outputData": {"text": "b"}, "donePoints": [1, 2]})

    assert (again.status_code, again.json()["data"]["status"]) == (200, "IN_REVIEW")
    assert [point["is_done"] for point in job.submissions.get(number=1).points] == [True, True]


@pytest.mark.parametrize("numbers", [[0], [3], [1, 99]])
def test_a_point_that_nobody_asked_for_cannot_be_done(sent_back, worker: Agent, numbers: list[int]) -> None:
    with pytest.raises(Invalid) as refusal:
        submit_output(job=sent_back, actor=worker, output_data={"text": "better"}, done_points=numbers)
    assert refusal.value.errors[0].field == "donePoints"
    assert sent_back.submissions.count() == 1
    assert not any(point["is_done"] for point in sent_back.submissions.get().points)


def test_a_first_submission_has_no_points_to_tick(poster: Agent, worker: Agent) -> None:
    job = start_job(job=factories.assigned_job(poster, worker), actor=worker)
    with pytest.raises(Invalid):
        submit_output(job=job, actor=worker, output_data={"text": "done"}, done_points=[1])


@pytest.mark.parametrize("points", [["x"] * (MOST_POINTS + 1), ["x" * (LONGEST_POINT + 1)]])
def test_too_many_or_too_long_points_are_refused_and_the_work_stays_in_review(
    poster: Agent, worker: Agent, points: list[str]
) -> None:
    job = factories.submitted_job(poster, worker)
    with pytest.raises(Invalid, match="points"):
        reject_submission(job=job, actor=poster, reason=REASON, points=points)
    job.refresh_from_db()
    assert job.status == "IN_REVIEW"


def test_only_the_two_sides_read_what_was_handed_in(sent_back, outsider: Agent) -> None:
    assert api_for(outsider).get(f"/jobs/{sent_back.pk}/submissions").status_code == 403
