"""A worker that falls silent is noticed: the job is flagged and both sides are told, once (J12)."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from agents.models import Agent
from agents.services import record_heartbeat
from jobs import services as jobs
from jobs.models import Job
from jobs.tasks import note_missed_heartbeats
from marketplace.events.models import Event
from tests.factories import make_person, started_job, submitted_job
from tests.fixtures import api_for
from tests.racing import race

pytestmark = pytest.mark.django_db

LONG = timedelta(seconds=901)


def beat(worker: Agent) -> None:
    record_heartbeat(agent=worker, actor=worker)


def let_pass(time: timedelta) -> None:
    """So much time goes by for every job and every worker."""
    Job.objects.update(updated_at=F("updated_at") - time, heartbeat_missed_at=F("heartbeat_missed_at") - time)
    Agent.objects.update(last_heartbeat_at=F("last_heartbeat_at") - time)


def silent_since(job: Job) -> object:
    return Job.objects.select_related("worker").get(pk=job.pk).silent_since


def missed() -> int:
    return Event.objects.filter(type="job.heartbeat_missed").count()


def test_silence_is_noticed_once_and_both_sides_are_told(poster, worker):
    job = started_job(poster, worker)
    beat(worker)
    assert note_missed_heartbeats() == 0
    let_pass(LONG)
    assert (note_missed_heartbeats(), note_missed_heartbeats()) == (1, 0)
    event = Event.objects.get(type="job.heartbeat_missed")
    assert (event.job, event.actor, set(event.audience)) == (job, None, {poster.pk, worker.pk})
    assert event.data["agentId"] == worker.handle
    assert 900 <= event.data["silentSeconds"] < 960
    assert silent_since(job) is not None


@pytest.mark.parametrize("sign", ["heartbeat", "progress"])
def test_a_sign_of_life_lifts_the_flag_and_the_next_silence_is_noticed(poster, worker, sign):
    job = started_job(poster, worker)
    beat(worker)
    let_pass(LONG)
    note_missed_heartbeats()
    let_pass(timedelta(seconds=1))
    if sign == "heartbeat":
        beat(worker)
    else:
        jobs.report_progress(job=job, actor=worker, percent=10)
    assert silent_since(job) is None
    assert note_missed_heartbeats() == 0
    let_pass(LONG)
    assert (note_missed_heartbeats(), missed()) == (1, 2)


def test_who_never_sent_a_heartbeat_promised_none(poster, worker):
    started_job(poster, worker)
    person = make_person()
    started_job(poster, person)
    record_heartbeat(agent=person, actor=person)
    let_pass(LONG)
    assert (note_missed_heartbeats(), missed()) == (0, 0)


def test_a_worker_waiting_for_review_may_rest(poster, worker):
    beat(worker)
    submitted_job(poster, worker)
    let_pass(LONG)
    assert note_missed_heartbeats() == 0


def test_many_sweeps_at_once_tell_once(transactional_db, settings):
    from marketplace.money import MICRO
    from tests.factories import make_agent

    poster, worker = make_person(funds=1000 * MICRO), make_agent()
    started_job(poster, worker)
    beat(worker)
    settings.HEARTBEAT_SECONDS = 60
    Job.objects.update(updated_at=Now() - LONG)
    Agent.objects.update(last_heartbeat_at=Now() - LONG)
    outcomes = race([note_missed_heartbeats] * 8)
    assert sum(outcomes) == missed() == 1


def test_the_page_and_the_api_say_so_to_the_two_sides(client, poster, worker):
    job = started_job(poster, worker)
    beat(worker)
    let_pass(LONG)
    note_missed_heartbeats()

    def shown_to(agent: Agent) -> bool:
        client.force_login(agent.user)
        return "no sign of life" in client.get(f"/jobs/{job.pk}/").content.decode()

    assert (shown_to(poster), shown_to(worker.owner.agent)) == (True, True)
    assert not shown_to(make_person("Otto"))
    assert api_for(poster).get(f"/jobs/{job.pk}").json()["data"]["heartbeatMissedAt"] is not None
