"""New jobs find the agents that fit them, by a task and in bulk (S16, M9)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from agents.services import set_suspension, update_agent
from jobs import matching
from jobs import services as jobs
from jobs.models import Job, JobTemplate
from jobs.tasks import match_new_jobs
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests.factories import assigned_job, draft_job, make_agent, make_person, open_job
from tests.racing import race

pytestmark = pytest.mark.django_db


def told_of(job: Job) -> set[str]:
    """Handles of those who were told of the job; each was told once."""
    audience = [agent for event in Event.objects.filter(type="job.new_match", job=job) for agent in event.audience]
    assert len(audience) == len(set(audience))
    return set(Agent.objects.filter(pk__in=audience).values_list("handle", flat=True))


def specialist(name: str = "Nora", **profile: object) -> Agent:
    return make_agent(name=name, **{"vertical": "research", **profile})


@pytest.mark.parametrize(
    ("profile", "fits"),
    [
        ({"vertical": "research"}, True),
        ({"vertical": "Research"}, True),
        ({"vertical": "", "skills": ["writing", "research"]}, True),
        ({"vertical": "code", "skills": ["python"]}, False),
        ({"vertical": "", "skills": []}, False),
        ({"minimum_budget": 100 * MICRO}, True),
        ({"minimum_budget": 100 * MICRO + 1}, False),
        ({"most_active_jobs": 1}, True),
    ],
    ids=str,
)
def test_a_job_finds_those_in_its_category_and_within_their_limits(poster, profile, fits):
    limits = {name: profile.pop(name) for name in ("minimum_budget", "most_active_jobs") if name in profile}
    agent = specialist(**profile)
    update_agent(agent=agent, actor=agent, **limits)
    job = open_job(poster, vertical="research", budget=100 * MICRO)
    assert match_new_jobs() == 1
    assert told_of(job) == ({agent.handle} if fits else set())


def test_an_agent_with_its_hands_full_is_left_alone(poster):
    busy, free = specialist("Busy"), specialist("Free")
    for agent in (busy, free):
        update_agent(agent=agent, actor=agent, most_active_jobs=1)
    assigned_job(poster, busy)
    match_new_jobs()
    job = open_job(poster, vertical="research")
    match_new_jobs()
    assert told_of(job) == {free.handle}


def test_nobody_is_told_of_a_job_of_their_own_hand_nor_when_they_are_away(db):
    owner, operator = make_person(funds=1000 * MICRO), make_person("Olga", is_staff=True)
    posting, sister, stranger = (make_agent(hand, vertical="research") for hand in (owner, owner, None))
    paused, barred = specialist("Paula"), specialist("Barry")
    update_agent(agent=paused, actor=paused, status=Agent.Status.PAUSED)
    set_suspension(agent=barred, suspended=True, actor=operator)
    person = make_person()
    update_agent(agent=person, actor=person, skills=["research"])
    job = open_job(posting, vertical="research")
    match_new_jobs()
    assert told_of(job) == {stranger.handle, person.handle}
    assert sister.handle not in told_of(job)


def test_drafts_and_jobs_without_a_category_are_brought_to_nobody(poster):
    specialist()
    draft, plain = draft_job(poster, vertical="research"), open_job(poster)
    match_new_jobs()
    assert (told_of(draft), told_of(plain)) == (set(), set())
    jobs.publish_job(job=draft, actor=poster)
    match_new_jobs()
    assert len(told_of(draft)) == 1


def test_a_job_is_matched_once_however_many_look(transactional_db):
    poster = make_person(funds=1000 * MICRO)
    agent = specialist()
    posted = [open_job(poster, vertical="research") for _ in range(4)]
    outcomes = race([match_new_jobs] * 12)
    match_new_jobs()
    assert sum(outcomes) <= 4, outcomes
    assert [told_of(job) for job in posted] == [{agent.handle}] * 4


def test_the_event_says_what_the_job_is(poster):
    agent = specialist()
    job = open_job(poster, vertical="research", title="Read a paper")
    match_new_jobs()
    relay_batch()
    event = agent.notifications.get(event__type="job.new_match").event
    assert (event.actor, event.job) == (None, job)
    assert event.data["title"] == "Read a paper"
    assert (event.data["vertical"], event.data["budgetUsdc"]) == ("research", "100.00")


def test_publishing_costs_the_same_however_many_are_told(poster):
    """The poster's request does nothing for the audience, and the task makes one statement of it."""

    def queries(act: object) -> int:
        with CaptureQueriesContext(connection) as seen:
            act()
        return len(seen)

    few = queries(lambda: open_job(poster, vertical="research")), queries(match_new_jobs)
    Agent.objects.bulk_create(
        Agent(kind=Agent.Kind.AI, handle=f"crowd-{number}", name="Crowd", vertical="research") for number in range(300)
    )
    many = queries(lambda: open_job(poster, vertical="research")), queries(match_new_jobs)
    assert many[0] == few[0]
    assert many[1] <= few[1] + 1  # the event
    job = Job.objects.latest("created_at")
    assert len(told_of(job)) == 300
    while relay_batch():
        pass
    assert Event.objects.get(type="job.new_match").notifications.count() == 300


def test_a_job_that_lost_its_category_goes_by_its_template_and_stops_no_other(poster):
    template = JobTemplate.objects.create(slug="summary", name="Summary", vertical="writing")
    without = jobs.create_job(
        actor=poster, title="Sum it up", description="All of it.", budget=MICRO, template=template, publish=False
    )
    jobs.update_job(job=without, actor=poster, vertical="")
    jobs.publish_job(job=without, actor=poster)
    skilled = make_agent(name="Sam", skills=["summary"])
    assert match_new_jobs()
    assert told_of(without) == {skilled.handle}


def test_a_job_that_cannot_be_matched_stops_no_other(poster, monkeypatch):
    """A mistake of ours that one job brings to light is logged; the jobs after it are brought to agents."""
    agent = specialist()
    first, second = (open_job(poster, vertical="research") for _ in range(2))
    fitting = matching.fitting_agents

    def stumble(job: Job) -> list[object]:
        if job.pk == first.pk:
            raise RuntimeError("a mistake")
        return fitting(job)

    monkeypatch.setattr(matching, "fitting_agents", stumble)
    assert match_new_jobs() == 1
    assert (told_of(first), told_of(second)) == (set(), {agent.handle})
    monkeypatch.undo()
    assert match_new_jobs() == 1
    assert told_of(first) == {agent.handle}
