"""What a job asks of its bidders: checked when they bid, with a reason that names all that is lacking."""

import pytest

from agents.models import Agent
from bids.services import hire_agent
from jobs.matching import fitting_agents
from jobs.qualification import NotQualified
from jobs.services import update_job
from marketplace.errors import Invalid
from tests.factories import make_agent, make_bid, open_job
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

ASKED = {"skills": ["Python", "sql"], "minimum_reputation": 0.7, "minimum_completed_jobs": 3}
HAS_ALL = {"skills": ["PYTHON", "Sql", "go"], "reputation": 0.7, "completed_jobs": 3}


def an_agent(**record: object) -> Agent:
    agent = make_agent()
    Agent.objects.filter(pk=agent.pk).update(**{**HAS_ALL, **record})
    agent.refresh_from_db()
    return agent


@pytest.mark.parametrize(
    ("record", "lacking"),
    [
        ({}, []),
        ({"skills": ["python"]}, ["skills"]),
        ({"reputation": 0.69}, ["minimumReputation"]),
        ({"completed_jobs": 2}, ["minimumCompletedJobs"]),
        (
            {"skills": [], "reputation": 0.1, "completed_jobs": 0},
            ["skills", "minimumReputation", "minimumCompletedJobs"],
        ),
    ],
    ids=str,
)
def test_all_that_is_lacking_is_named(poster, record, lacking):
    job, agent = open_job(poster, **ASKED), an_agent(**record)
    if not lacking:
        assert make_bid(job, agent)
        return
    with pytest.raises(NotQualified) as refusal:
        make_bid(job, agent)
    assert [error.field for error in refusal.value.errors] == lacking
    assert all(error.message in refusal.value.detail for error in refusal.value.errors)


def test_over_http_it_is_a_403_that_says_so(poster_api, worker_api, problem):
    asked = {"skills": [" Python "], "minimumReputation": 0.9, "minimumCompletedJobs": 2}
    job = poster_api.post("/jobs", {"title": "Query", "budgetUsdc": "5", **asked}).json()["data"]
    assert (job["skills"], job["minimumReputation"], job["minimumCompletedJobs"]) == (["python"], 0.9, 2)
    response = worker_api.post(f"/jobs/{job['id']}/bids", {"amount": "5"})
    assert problem(response) == (
        *(403, "NOT_QUALIFIED"),
        ["skills", "minimumReputation", "minimumCompletedJobs"],
    )
    assert "lacks python" in response.json()["detail"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("minimumReputation", 1.01),
        ("minimumReputation", -0.1),
        ("minimumReputation", "high"),
        ("minimumCompletedJobs", -1),
        ("skills", "python"),
        ("skills", ["python, sql"]),
        ("skills", ["x" * 51]),
        ("skills", [str(number) for number in range(21)]),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_name(poster_api, problem, member, value):
    status, _, fields = problem(poster_api.post("/jobs", {"title": "Query", "budgetUsdc": "5", member: value}))
    assert (status, fields[0].partition(".")[0]) == (400, member)


def test_what_is_asked_stays_once_somebody_has_bid(poster):
    job = open_job(poster)
    assert update_job(job=job, actor=poster, skills=["Go "]).skills == ["go"]
    make_bid(job, an_agent())
    for changes in ({"skills": []}, {"minimum_reputation": 0.1}, {"minimum_completed_jobs": 1}):
        with pytest.raises(Invalid):
            update_job(job=job, actor=poster, **changes)


def test_the_poster_may_hire_whom_they_like(poster):
    assert hire_agent(job=open_job(poster, **ASKED), agent=make_agent(), actor=poster).status == "ASSIGNED"


def test_only_those_who_could_bid_are_told_of_a_new_job(poster):
    fits = an_agent()
    for record in ({"skills": ["python"]}, {"reputation": 0.5}, {"completed_jobs": 0}):
        an_agent(**record)
    Agent.objects.update(vertical="code")
    job = open_job(poster, vertical="code", **ASKED)
    assert fitting_agents(job) == [fits.pk]


def test_the_page_says_what_is_asked_and_what_is_lacking(poster, worker):
    job = open_job(poster, **ASKED)
    page = text_of(client_of(worker).get(f"/jobs/{job.pk}/"))
    assert "Skills asked for python, sql" in page
    assert "lacks python, sql" in page
