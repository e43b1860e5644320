"""Reports to the operators: about whom and what, how often, and what becomes of them (FEATURES M11)."""

from collections.abc import Callable
from typing import Any

import pytest

from agents.models import Agent
from agents.reports.models import Report
from agents.reports.queries import open_reports
from jobs.conversations.models import Message
from jobs.conversations.services import send_message
from jobs.reviews.models import Review
from marketplace.screening.models import Flag, Strike
from tests.factories import FUNDS, completed_job, draft_job, make_agent, make_person, open_job, started_job
from tests.fixtures import ApiClient, api_for
from tests.pages import client_of, text_of

Problem = Callable[[Any], tuple[int, str, list[str]]]


def words(subject: Agent, **changes: Any) -> dict[str, Any]:
    return {"about": "agent", "id": subject.handle, "reason": "FRAUD", **changes}


def test_an_agent_a_job_a_message_and_a_review_can_be_reported(
    poster: Agent, worker: Agent, poster_api: ApiClient, worker_api: ApiClient, outsider_api: ApiClient
) -> None:
    job = completed_job(poster, worker)
    worker_api.post(f"/jobs/{job.pk}/messages", {"content": "Pay me more."})
    poster_api.post(f"/jobs/{job.pk}/reviews", {"rating": 1, "review": "Awful."})
    message = Message.objects.get()
    for api, body, subject in (
        (outsider_api, words(worker, details="Never answers."), worker),
        (outsider_api, words(poster, about="job", id=str(job.pk), reason="prohibited"), poster),
        (poster_api, words(worker, about="message", id=str(message.pk), reason="HARASSMENT"), worker),
    ):
        made = api.post("/reports", body)
        assert made.status_code == 201, made.content
        assert made.json()["data"]["agentId"] == subject.handle
        assert api.get("/reports").json()["data"][0]["id"] == made.json()["data"]["id"]
    assert [report.subject for report in open_reports()] == [worker, poster, worker]


def test_nobody_reports_themselves_or_an_agent_of_their_own(db: None, problem: Problem) -> None:
    owner = make_person("Olivia")
    agent, fellow = make_agent(owner), make_agent(owner)
    for reporter, subject in ((owner, owner), (owner, agent), (agent, owner), (agent, fellow)):
        status, _, fields = problem(api_for(reporter).post("/reports", words(subject)))
        assert status == 400 and fields[0].startswith("id")
    assert not Report.objects.exists()


def test_the_same_is_reported_once_until_an_operator_has_looked(
    worker: Agent, outsider_api: ApiClient, problem: Problem
) -> None:
    """By handle or by id, it is the same agent."""
    assert outsider_api.post("/reports", words(worker)).status_code == 201
    assert problem(outsider_api.post("/reports", words(worker, id=str(worker.pk))))[:2] == (409, "ALREADY_REPORTED")
    job = str(open_job(make_person("Pia", funds=FUNDS)).pk)
    assert outsider_api.post("/reports", words(worker, about="job", id=job.upper())).status_code == 201
    for same in (job, job.replace("-", ""), f"{{{job}}}"):
        again = outsider_api.post("/reports", words(worker, about="job", id=same))
        assert problem(again)[:2] == (409, "ALREADY_REPORTED"), same
    Report.objects.update(status=Report.Status.DISMISSED)
    assert outsider_api.post("/reports", words(worker)).status_code == 201


def test_one_reports_a_few_times_a_day(outsider_api: ApiClient, problem: Problem, settings: Any) -> None:
    settings.REPORTS_PER_DAY = 2
    for _ in range(2):
        assert outsider_api.post("/reports", words(make_agent())).status_code == 201
    refused = outsider_api.post("/reports", words(make_agent()))
    assert problem(refused)[:2] == (429, "TOO_MANY_REPORTS") and refused["Retry-After"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"about": "wallet"}, 400),
        ({"reason": "BOREDOM"}, 400),
        ({"details": "x" * 2001}, 400),
        ({"id": "nobody-there"}, 404),
        ({"about": "message", "id": "nothing"}, 404),
        ({"about": "review", "id": "nothing"}, 404),
    ],
)
def test_what_cannot_be_reported(changes: dict[str, Any], status: int, worker: Agent, outsider_api: ApiClient) -> None:
    assert outsider_api.post("/reports", words(worker, **changes)).status_code == status


def test_what_one_may_not_read_is_not_there_to_report(poster: Agent, worker: Agent, outsider_api: ApiClient) -> None:
    job, draft = started_job(poster, worker), draft_job(poster)
    message = send_message(job=job, actor=poster, content="Between us.")
    for about, id in (("message", message.pk), ("job", draft.pk)):
        assert outsider_api.post("/reports", words(poster, about=about, id=str(id))).status_code == 404


def test_a_report_may_quote_what_was_written(worker: Agent, outsider_api: ApiClient) -> None:
    quoted = words(worker, details="Wrote: send me your seed phrase")
    assert outsider_api.post("/reports", quoted).status_code == 201
    assert not Strike.objects.exists()


def test_operators_dismiss_a_report_or_suspend_whom_it_is_about(poster: Agent, worker: Agent) -> None:
    outsider = make_person("Otto")
    api_for(outsider).post("/reports", words(worker, details="A scam."))
    api_for(outsider).post("/reports", words(poster))
    of_worker, of_poster = open_reports()
    admin = client_of(make_person("Root", is_staff=True, is_superuser=True))
    queue = "/admin/reports/report/"
    assert "A scam." in text_of(admin.get(queue))
    admin.post(queue, {"action": "dismiss", "_selected_action": [str(of_poster.pk)]})
    admin.post(queue, {"action": "suspend", "_selected_action": [str(of_worker.pk)]})
    again = admin.post(queue, {"action": "act", "_selected_action": [str(of_worker.pk)]}, follow=True)
    assert "An operator has looked at this report already." in text_of(again)
    assert not open_reports().exists()
    worker.refresh_from_db()
    poster.refresh_from_db()
    assert (worker.status, poster.status) == (Agent.Status.SUSPENDED, Agent.Status.ACTIVE)


def test_operators_hide_what_was_reported_though_no_rule_found_anything(poster: Agent, worker: Agent) -> None:
    job = started_job(poster, worker)
    message = send_message(job=job, actor=worker, content="You are slow, and everybody says so.")
    api_for(poster).post("/reports", words(worker, about="message", id=str(message.pk), reason="HARASSMENT"))
    admin = client_of(make_person("Root", is_staff=True, is_superuser=True))
    queue = "/admin/reports/report/"
    admin.post(queue, {"action": "hide", "_selected_action": [str(open_reports().get().pk)]})
    assert not open_reports().exists()

    def read() -> tuple[str, list[str]]:
        [told] = api_for(poster).get(f"/jobs/{job.pk}/messages").json()["data"]
        return told["content"], told["flags"]

    assert read() == ("[hidden by the operators]", ["hidden"])
    flag = Flag.objects.get(rule="reported")
    admin.post("/admin/screening/flag/", {"action": "dismiss", "_selected_action": [str(flag.pk)]})
    assert read() == ("You are slow, and everybody says so.", [])


def test_operators_hide_no_review_of_themselves(worker: Agent) -> None:
    root = make_person("Root", is_staff=True, is_superuser=True, funds=FUNDS)
    job = completed_job(root, worker)
    api_for(worker).post(f"/jobs/{job.pk}/reviews", {"rating": 1, "review": "Never again."})
    review = Review.objects.get(reviewer=worker)
    Report.objects.create(
        reporter=make_person("Otto"), subject=worker, about="review", about_id=str(review.pk), reason="OTHER"
    )
    queue = {"action": "hide", "_selected_action": [str(Report.objects.get().pk)]}
    client_of(root).post("/admin/reports/report/", queue)
    assert Report.objects.get().status == Report.Status.OPEN
    review.refresh_from_db()
    assert review.text == "Never again."


def test_an_operator_who_has_a_hand_in_it_decides_nothing(worker: Agent) -> None:
    root = make_person("Root", is_staff=True, is_superuser=True)
    api_for(root).post("/reports", words(worker))
    client_of(root).post(
        "/admin/reports/report/", {"action": "act", "_selected_action": [str(Report.objects.get().pk)]}
    )
    assert Report.objects.get().status == Report.Status.OPEN


def test_a_person_reports_in_the_pages(poster: Agent, worker: Agent) -> None:
    """From the profile and the job to the form; what was typed stays when it is refused."""
    job = open_job(poster)
    client = client_of(make_person("Otto"))
    for page, address in (
        (f"/agents/{worker.handle}/", f"/reports/new/agent/{worker.handle}/"),
        (f"/jobs/{job.pk}/", f"/reports/new/job/{job.pk}/"),
    ):
        assert f'href="{address}"' in client.get(page).content.decode()
        refused = client.post(address, {"details": "It is a scam."})
        assert refused.status_code == 400 and "It is a scam." in text_of(refused)
        made = client.post(address, {"reason": "FRAUD", "details": "It is a scam."}, follow=True)
        assert "The operators will look at it" in text_of(made)
    assert f"/reports/new/job/{job.pk}/" not in client_of(poster).get(f"/jobs/{job.pk}/").content.decode()
    assert client.get("/reports/new/job/nothing/").status_code == 404
