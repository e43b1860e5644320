"""Jobs and templates over HTTP (FEATURES J6, J7, J8, J16, J18; WIRE 1.3 to 1.5)."""

import re

import pytest

from jobs.lifecycle import Status
from jobs.models import JobTemplate
from marketplace.money import MICRO
from tests.factories import (
    assigned_job,
    completed_job,
    draft_job,
    job_in,
    make_bid,
    make_person,
    open_job,
    started_job,
    submitted_job,
)
from tests.fixtures import api_for, count_queries

# What the Python SDK, bots and pages of these clients look for (WIRE 1.4): every key is always there.
WANTED = {
    *("id", "title", "description", "status", "budgetUsdc", "deadlineAt", "templateId", "vertical", "template"),
    *("inputData", "acceptanceCriteria", "poster", "posterId", "agentId", "assignedAgentId", "assignedAgent"),
    *("paymentProvider", "paymentStatus", "escrowTxHash", "escrowJobId", "escrow", "escrowFunded", "payoutUsdc"),
    *("txHash", "isPubliclyShareable", "requiredPack", "requiredCertification", "participationMode", "bidCount"),
    *("createdAt", "updatedAt", "availableActions"),
}
NEVER_NULL = ("id", "title", "description", "deadlineAt", "templateId", "status", "budgetUsdc", "createdAt")
INPUT_SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string"}, "points": {"type": "array", "items": {"type": "string"}}},
    "required": ["topic"],
}
OUTPUT_SCHEMA = {"type": "object", "properties": {"text": {"type": "string", "minLength": 3}}, "required": ["text"]}


@pytest.fixture
def template(db: None) -> JobTemplate:
    return JobTemplate.objects.create(
        slug="essay",
        name="Essay",
        vertical="writing",
        input_schema=INPUT_SCHEMA,
        output_schema=OUTPUT_SCHEMA,
        suggested_budget=20 * MICRO,
    )


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_a_whole_job(poster_api, worker, worker_api, method):
    """J18, by PATCH as the document says and by POST as bots fall back to."""

    def verb(api, name, body=None):
        response = api.send(method, f"/jobs/{job['id']}/{name}", body)
        assert response.status_code == 200, response.content
        return response.json()["data"]

    job = poster_api.post("/jobs", {"title": "T", "budgetUsdc": "100", "publish": False}).json()["data"]
    assert (job["status"], job["availableActions"]) == ("DRAFT", ["publish", "update", "cancel"])
    assert verb(poster_api, "publish")["status"] == "OPEN"
    bid = worker_api.post(f"/jobs/{job['id']}/bids", {"amount": "80"}).json()["data"]
    assert poster_api.post(f"/jobs/{job['id']}/bids/{bid['id']}/accept").status_code == 200
    assert verb(worker_api, "start")["status"] == "IN_PROGRESS"
    assert verb(worker_api, "progress", {"percent": 40, "note": "Half."})["progressPercent"] == 40
    assert verb(worker_api, "submit", {"outputData": {"text": "one"}})["status"] == "IN_REVIEW"
    sent_back = verb(poster_api, "reject", {"reason": "Too short.", "category": "Incomplete Work"})
    assert (sent_back["status"], sent_back["revisionCount"]) == ("IN_PROGRESS", 1)
    assert sent_back["submission"]["verdict"] == "REJECTED"
    assert verb(worker_api, "submit", {"outputData": {"text": "two"}})["submission"]["number"] == 2
    paid = verb(poster_api, "approve")
    assert (paid["status"], paid["priceUsdc"], paid["feeUsdc"], paid["payoutUsdc"]) == (
        "COMPLETED",
        "80.00",
        "4.00",
        "76.00",
    )
    assert worker_api.get("/agents/me/wallet").json()["data"]["balance"] == "76.00"
    assert worker_api.get("/agents/me").json()["data"]["completedJobs"] == 1


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_a_job_has_every_key_that_clients_look_for(poster, worker, anonymous_api, worker_api, status):
    """WIRE 1.4: in a list one bad row would break the whole of it."""
    made = job_in(status, poster, worker)
    (job,) = anonymous_api.get("/jobs").json()["data"]
    assert job.keys() >= WANTED
    assert all(isinstance(job[name], str) for name in NEVER_NULL)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", job["deadlineAt"])
    assert (job["status"], job["posterId"], job["poster"]["displayName"]) == (status, str(poster.pk), "Paula")
    assert (job["escrowTxHash"] is None) == (job["escrowJobId"] is None)
    assert job["escrow"] == {"status": job["paymentStatus"], "txHash": job["escrowTxHash"]}
    assert job["paymentStatus"] != "PENDING_AUTH"
    has_worker = made.worker is not None
    assert job["agentId"] == job["assignedAgentId"] == (worker.handle if has_worker else None)
    detail = worker_api.get(f"/jobs/{made.pk}").json()["data"]
    assert detail.keys() == job.keys() | {"submission", "attachments", "questions"}


def test_what_a_job_says_of_its_money(poster, worker, anonymous_api):
    def money(job):
        (seen,) = [row for row in anonymous_api.get("/jobs").json()["data"] if row["id"] == str(job.pk)]
        return seen["paymentStatus"], seen["escrowFunded"], seen["txHash"] is not None

    assert money(open_job(poster)) == ("UNFUNDED", False, False)
    assert money(assigned_job(poster, worker)) == ("ESCROWED", True, False)
    assert money(completed_job(poster, worker)) == ("RELEASED", False, True)
    assert money(job_in(Status.CANCELLED, poster, worker)) == ("REFUNDED", False, False)


def test_a_template_lends_its_name_and_budget(poster_api, template):
    """J16"""
    for reference in ("essay", str(template.pk)):
        job = poster_api.post("/jobs", {"templateId": reference, "inputData": {"topic": "Wrens"}}).json()["data"]
        assert (job["title"], job["budgetUsdc"], job["vertical"]) == ("Essay", "20.00", "writing")
        assert (job["templateId"], job["template"]["slug"]) == (str(template.pk), "essay")
        assert job["outputSchema"] == OUTPUT_SCHEMA


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"templateId": "essay"}, ["inputData.topic"]),
        ({"templateId": "essay", "inputData": {"point": []}}, ["inputData.topic"]),
        ({"templateId": "essay", "inputData": {"topic": 5}}, ["inputData.topic"]),
        (
            {"templateId": "essay", "inputData": {"topic": "x", "points": ["a", 5, 10**30]}},
            ["inputData.points.1", "inputData.points.2"],
        ),
        ({"templateId": "essay", "inputData": []}, ["inputData"]),
        ({"templateId": "nothing", "inputData": {}}, ["templateId"]),
    ],
)
def test_input_that_breaks_the_schema_is_named_by_its_path(poster_api, problem, template, body, fields):
    """J16"""
    assert problem(poster_api.post("/jobs", body)) == (400, "VALIDATION_FAILED", fields)
    assert poster_api.get("/jobs?status=draft,open").json()["data"] == []


@pytest.mark.parametrize("output", [{}, {"text": 5}, {"text": "x"}, {"text": 10**400}, {"other": "xyz"}, [], "text"])
def test_output_that_breaks_the_schema_is_refused(poster, worker, worker_api, problem, template, output):
    """J16: and nothing is half-written."""
    job = started_job(poster, worker, template=template, input_data={"topic": "Wrens"})
    status, code, fields = problem(worker_api.patch(f"/jobs/{job.pk}/submit", {"outputData": output}))
    assert (status, code, {field.partition(".")[0] for field in fields}) == (400, "VALIDATION_FAILED", {"outputData"})
    job.refresh_from_db()
    assert (job.status, job.submissions.count()) == ("IN_PROGRESS", 0)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"outputData": {"a": 1}, "proofHash": "abc", "proofUrl": "x", "metadata": {}}, {"a": 1}),
        ({"output": {"a": 1}}, {"a": 1}),
        (
            {"summary": "Done.", "artifacts": [{"name": "n", "url": "u"}]},
            {"summary": "Done.", "artifacts": [{"name": "n", "url": "u"}]},
        ),
    ],
)
def test_output_in_the_words_of_any_client(poster, worker, worker_api, body, kept):
    """WIRE 1.3"""
    job = started_job(poster, worker)
    submission = worker_api.patch(f"/jobs/{job.pk}/submit", body).json()["data"]["submission"]
    assert (submission["outputData"], submission["proofHash"]) == (kept, body.get("proofHash", ""))


def test_a_submission_is_for_the_two_parties(poster, worker, worker_api, poster_api, outsider_api):
    job = submitted_job(poster, worker)
    seen = [api.get(f"/jobs/{job.pk}").json()["data"]["submission"] for api in (poster_api, worker_api, outsider_api)]
    assert seen[0] == seen[1]
    assert (seen[0]["outputData"], seen[2]) == ({"text": "done"}, None)


def test_the_audit_log_says_who_when_from_to_and_why(poster, poster_api, worker, worker_api, outsider_api):
    """J8: what the parties wrote is for the parties."""
    job = submitted_job(poster, worker)
    poster_api.patch(f"/jobs/{job.pk}/reject", {"reason": "Too short."})
    events = poster_api.get(f"/jobs/{job.pk}/events").json()["data"]
    moves = [(event["from"], event["to"], event["actor"]["id"]) for event in events if event["to"]]
    assert moves == [
        ("DRAFT", "OPEN", poster.handle),
        ("OPEN", "ASSIGNED", poster.handle),
        ("ASSIGNED", "IN_PROGRESS", worker.handle),
        ("IN_PROGRESS", "IN_REVIEW", worker.handle),
        ("IN_REVIEW", "IN_PROGRESS", poster.handle),
    ]
    assert events[-1]["reason"] == "Too short."
    assert [event["sequence"] for event in events] == sorted(event["sequence"] for event in events)
    assert all(event["createdAt"].endswith("Z") for event in events)
    for api, reason in ((worker_api, "Too short."), (outsider_api, None)):
        read = [event for event in api.get(f"/jobs/{job.pk}/events").json()["data"] if event["to"]]
        assert [(event["from"], event["to"]) for event in read] == [move[:2] for move in moves]
        assert read[-1]["reason"] == reason


def test_a_wrong_moment_is_told_with_what_is_possible(poster, poster_api, problem):
    """J18: a verb that the table does not allow names the status and the ways on."""
    job = open_job(poster)
    refusal = poster_api.patch(f"/jobs/{job.pk}/approve")
    assert problem(refusal) == (409, "WRONG_STATUS", [])
    assert refusal.json()["currentStatus"] == "OPEN"
    assert refusal.json()["availableActions"] == ["update", "assign", "cancel"]


def test_a_job_is_changed_while_it_is_open(poster, poster_api, worker, problem):
    """J6"""
    job = open_job(poster)
    body = {"title": "New title", "budgetUsdc": "120", "description": "", "vertical": "v"}
    changed = poster_api.patch(f"/jobs/{job.pk}", body).json()["data"]
    assert {name: changed[name] for name in body} == {**body, "budgetUsdc": "120.00"}
    make_bid(job, worker)
    assert problem(poster_api.patch(f"/jobs/{job.pk}", {"budgetUsdc": "130"}))[2] == ["budgetUsdc"]
    assert problem(poster_api.patch(f"/jobs/{job.pk}", {"title": ""}))[2] == ["title"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"wren", "owl", "kite"}),
        ("status=open", {"wren"}),
        ("status=ASSIGNED,completed", {"owl", "kite"}),
        ("vertical=Writing", {"wren"}),
        ("q=summarise+wren", {"wren"}),
        ("q=nothing+of+the+kind", set()),
        ("q=%22%3A*+%26+%7C+!+(", set()),
        ("posterId={poster}", {"wren", "owl", "kite"}),
        ("posterId={worker}", set()),
        ("agentId={worker}", {"owl", "kite"}),
        ("agentId={worker_id}&status=assigned", {"owl"}),
        ("funded=true", {"owl"}),
        ("funded=false", {"wren", "kite"}),
        ("templateId=essay", {"wren"}),
        ("templateId=other", set()),
        ("status=", {"wren", "owl", "kite"}),
    ],
)
def test_the_list_is_narrowed_down(poster, worker, anonymous_api, template, query, found):
    """J6, WIRE 1.5"""
    about = {"vertical": "writing", "template": template, "input_data": {"topic": "Wrens"}}
    open_job(poster, title="wren", description="Summarise what is known of it.", **about)
    assigned_job(poster, worker, title="owl")
    completed_job(poster, worker, title="kite")
    draft_job(poster, title="hidden")
    query = query.format(poster=poster.handle, worker=worker.handle, worker_id=worker.pk)
    assert {job["title"] for job in anonymous_api.get(f"/jobs?{query}").json()["data"]} == found


def test_drafts_are_listed_for_their_poster_alone(poster, poster_api, worker_api, anonymous_api):
    draft_job(poster, title="hidden")
    titles = [
        [job["title"] for job in api.get("/jobs?status=draft").json()["data"]]
        for api in (poster_api, worker_api, anonymous_api)
    ]
    assert titles == [["hidden"], [], []]


def test_the_jobs_that_an_agent_is_on(poster, worker, worker_api):
    """J12"""
    assigned, completed = assigned_job(poster, worker), completed_job(poster, worker)
    open_job(poster)
    for agent in ("me", worker.handle, str(worker.pk)):
        jobs = worker_api.get(f"/agents/{agent}/jobs").json()["data"]
        assert [job["id"] for job in jobs] == [str(completed.pk), str(assigned.pk)]
    # The Python SDK's word for work at hand.
    jobs = worker_api.get("/agents/me/jobs?status=ASSIGNED,IN_PROGRESS").json()["data"]
    assert [job["id"] for job in jobs] == [str(assigned.pk)]


def test_templates_are_listed_by_name_with_their_schemas(anonymous_api, template):
    """J16, WIRE 1.4"""
    JobTemplate.objects.create(slug="audit", name="Audit", vertical="code")
    JobTemplate.objects.create(slug="old", name="Old", vertical="writing", is_active=False)
    assert [row["slug"] for row in anonymous_api.get("/templates").json()["data"]] == ["audit", "essay"]
    assert [row["slug"] for row in anonymous_api.get("/templates?vertical=writing").json()["data"]] == ["essay"]
    for reference in ("essay", str(template.pk)):
        seen = anonymous_api.get(f"/templates/{reference}/").json()["data"]
        assert (seen["inputSchema"], seen["outputSchema"]) == (INPUT_SCHEMA, OUTPUT_SCHEMA)
        assert (seen["suggestedBudgetUsdc"], seen["estimatedDurationMs"], seen["isActive"]) == ("20.00", 0, True)


def test_what_a_job_offers_depends_on_who_looks(poster, poster_api, worker, worker_api, outsider_api, anonymous_api):
    open_job(poster)
    offers = [
        api.get("/jobs").json()["data"][0]["availableActions"]
        for api in (poster_api, worker_api, outsider_api, anonymous_api)
    ]
    assert offers == [["update", "assign", "cancel"], ["bid"], ["bid"], []]


def test_lists_take_the_same_queries_at_any_length(poster, poster_api, worker, anonymous_api):
    other = make_person("Petra", funds=1000 * MICRO)
    counts = set()
    for poster_of_job in (poster, other):
        job = completed_job(poster_of_job, worker)
        open_job(poster_of_job)
        counts.add(
            (
                count_queries(poster_api, "/jobs"),
                count_queries(anonymous_api, "/jobs?limit=50"),
                count_queries(poster_api, f"/agents/{worker.handle}/jobs"),
            )
        )
    assert len(counts) == 1
    few = count_queries(api_for(other), f"/jobs/{job.pk}/events?limit=1")
    assert few == count_queries(api_for(other), f"/jobs/{job.pk}/events?limit=50")
