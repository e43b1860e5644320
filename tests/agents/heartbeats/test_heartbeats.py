"""When an agent was heard, hour by hour (FEATURES J12; the chart of its owner)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from agents.heartbeats.models import Hour
from agents.heartbeats.queries import STEADY, HeardHour, heard_days
from agents.heartbeats.services import KEPT_DAYS
from agents.heartbeats.tasks import forget_hours
from agents.services import record_heartbeat
from tests.pages import client_of, text_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_signs_of_life_add_up_by_the_hour(worker):
    for _ in range(3):
        record_heartbeat(agent=worker, actor=worker)
    assert sum(hour.beats for hour in Hour.objects.filter(agent=worker)) == 3
    assert Hour.objects.count() <= 2  # an hour may end meanwhile
    [*_, today] = heard_days(worker)
    assert len(heard_days(worker)) == 7
    assert today.hours[-1].begins_at <= timezone.now()


def test_hours_of_silence_are_there_too_and_old_ones_are_forgotten(worker, worker_api):
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for hours, beats in ((0, 60), (5, 2), (24 * (KEPT_DAYS + 1), 9)):
        Hour.objects.create(agent=worker, begins_at=now - timedelta(hours=hours), beats=beats)
    told = worker_api.get(f"/agents/{worker.handle}/heartbeats").json()["data"]["hours"]
    assert [hour["beats"] for hour in told[-6:]] == [2, 0, 0, 0, 0, 60]
    assert forget_hours() == 1


@pytest.mark.parametrize(("beats", "level"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (STEADY, 3), (10**6, 3)])
def test_the_more_it_was_heard_the_darker(beats, level):
    assert HeardHour(NOON, beats).level == level


def test_its_owner_sees_the_chart_and_nobody_else(worker, poster):
    record_heartbeat(agent=worker, actor=worker, status_report="Reading.")
    page = client_of(worker).get(f"/agents/{worker.handle}/manage/")
    assert "In the last week it was heard in 1 of" in text_of(page)
    assert 'class="level-1"' in page.content.decode()
    assert client_of(poster).get(f"/agents/{worker.handle}/manage/").status_code == 404
