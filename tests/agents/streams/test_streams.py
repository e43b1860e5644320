"""Streams over the real process: nothing missed, nothing twice, whatever is cut (FEATURES F12, SURVIVE W9)."""

import json
import random
import signal
import threading
from pathlib import Path

import httpx2
import pytest
from django.db import connection, connections

from agents.inbox.models import Notification
from agents.models import Agent
from agents.services import mint_api_key
from agents.streams.hub import APPLICATION_NAME
from jobs.services import start_job
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from tests.agents.streams.listening import PATH, Listener, StreamProcess, listening, stream_process, tell, write
from tests.factories import assigned_job
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = 300


def test_what_happens_is_heard_as_everybody_is_sent_it(streams: StreamProcess, worker: Agent, key: str) -> None:
    relay_batch()
    with listening(streams.url, authorization=f"Bearer {key}") as listener:
        tell([worker], 1)
        wait_for(lambda: listener.heard, "the event")
        tell([worker], 2)
        wait_for(lambda: len(listener.heard) == 2, "the second")
    told = Notification.objects.filter(agent=worker).order_by("-id")[:2]
    for heard, notification in zip(listener.heard, reversed(told), strict=True):
        assert heard == {
            "id": str(notification.pk),
            "event": "test.told",
            "data": notification.event.message.decode(),
        }


def test_resuming_misses_nothing_and_repeats_nothing(
    streams: StreamProcess, worker: Agent, outsider: Agent, key: str
) -> None:
    """The connection is cut at random while events are written; by header, or by the address."""
    relay_batch()
    start = Notification.objects.latest("id").pk
    chance = random.Random(4)  # a fixed seed: the same cuts each time

    def write_them() -> None:
        try:
            for number in range(EVENTS):
                write([worker, outsider] if number % 3 else [outsider, worker], number)
                if chance.random() < 0.3:
                    relay_batch()
            relay_batch()
        finally:
            connections.close_all()

    heard, ids, last, cuts = [], [], str(start), 0
    writer = threading.Thread(target=write_them)
    writer.start()
    while len(heard) < EVENTS:
        goes_on = {"last_event_id": last} if cuts % 2 else {}
        with listening(streams.url, "" if goes_on else f"?after={last}", x_api_key=key, **goes_on) as listener:
            enough = random.Random(cuts).randrange(1, 25)
            wait_for(
                lambda: len(listener.heard) >= min(enough, EVENTS - len(heard)),  # noqa: B023
                "more of them",
            )
        heard += listener.numbers
        ids += listener.ids
        last = listener.last
        cuts += 1
    writer.join()
    assert heard == list(range(EVENTS))
    assert ids == sorted(set(ids))
    assert cuts > 5


def test_a_backlog_longer_than_a_page_comes_first_and_then_the_news(
    streams: StreamProcess, worker: Agent, key: str
) -> None:
    for number in range(450):
        write([worker], number)
    relay_batch()
    with listening(streams.url, "?after=0", x_api_key=key) as listener:
        tell([worker], 450)
        wait_for(lambda: 450 in listener.numbers, "the news")
    assert listener.numbers == list(range(451))


def test_without_a_position_it_begins_now(streams: StreamProcess, worker: Agent, key: str) -> None:
    """And a stream on which nothing happened yet already has an id to go on from."""
    tell([worker], 1)
    newest = Notification.objects.latest("id").pk
    with listening(streams.url, x_api_key=key) as listener:
        wait_for(lambda: listener.last == str(newest), "the first position")
    tell([worker], 2)
    with listening(streams.url, x_api_key=key, last_event_id=listener.last) as resumed:
        wait_for(lambda: resumed.heard, "what happened meanwhile")
    assert resumed.numbers == [2]


def test_a_position_that_there_is_not_yet_hears_what_comes(streams: StreamProcess, worker: Agent, key: str) -> None:
    """As after the database was put back from an older copy."""
    with listening(streams.url, x_api_key=key, last_event_id=str(10**17)) as listener:
        wait_for(lambda: listener.last, "the stream to begin")
        tell([worker], 1)
        wait_for(lambda: listener.heard, "what happened")
    assert int(listener.last) < 10**17


def test_signs_of_life_move_on_past_what_is_not_wanted(streams: StreamProcess, worker: Agent, key: str) -> None:
    """Nothing is skipped for it: whoever goes on without the filter hears all that was told after that."""
    with listening(streams.url, "?type=job.assigned", x_api_key=key) as listener:
        tell([worker], 1)
        newest = Notification.objects.latest("id").pk
        wait_for(lambda: listener.last == str(newest), "a sign of life that has moved on")
        assert listener.heard == []
        assert listener.comments > 1


def test_filters_by_type_and_job_hold_for_the_past_and_for_the_news(
    streams: StreamProcess, poster: Agent, worker: Agent, key: str
) -> None:
    job, other = assigned_job(poster, worker), assigned_job(poster, worker)
    relay_batch()
    query = f"?after=0&jobId={job.pk}&type=bid.accepted,job.assigned,job.started"
    with listening(streams.url, query, x_api_key=key) as listener:
        for one in (other, job):
            one.refresh_from_db()
            start_job(job=one, actor=worker)
        relay_batch()
        wait_for(lambda: "job.started" in [event["event"] for event in listener.heard], "the news")
    assert {json.loads(event["data"])["data"]["jobId"] for event in listener.heard} == {str(job.pk)}
    types = [event["event"] for event in listener.heard]
    wanted = {"bid.accepted", "job.assigned", "job.started"}
    expected = Event.objects.filter(job=job, type__in=wanted, audience__contains=[worker.pk]).order_by("id")
    assert types == [event.type for event in expected]


def test_an_event_source_can_hear_all_types_at_once(streams: StreamProcess, worker: Agent, key: str) -> None:
    with listening(streams.url, "?named=false", x_api_key=key) as listener:
        tell([worker], 1)
        wait_for(lambda: listener.heard, "the event")
    assert set(listener.heard[0]) == {"id", "data"}


def test_each_agent_hears_its_own_in_the_order_of_all(
    streams: StreamProcess, worker: Agent, outsider: Agent, key: str
) -> None:
    other_key = mint_api_key(agent=outsider, name="stream", actor=outsider)[1]
    with (
        listening(streams.url, x_api_key=key) as mine,
        listening(streams.url, x_api_key=key) as mine_too,
        listening(streams.url, x_api_key=other_key) as theirs,
    ):
        for number in range(20):
            tell([worker] if number % 2 else [outsider], number)
        tell([worker, outsider], 20)
        wait_for(lambda: all(20 in one.numbers for one in (mine, mine_too, theirs)), "the last")
    assert mine.numbers == mine_too.numbers == [*range(1, 20, 2), 20]
    assert theirs.numbers == [*range(0, 20, 2), 20]
    assert mine.ids == sorted(mine.ids) == mine_too.ids


def test_the_database_may_hang_up_on_the_listener(streams: StreamProcess, worker: Agent, key: str) -> None:
    """C5: what was told while nobody listened is found, on the same stream."""
    with listening(streams.url, x_api_key=key) as listener:
        for number in range(3):
            tell([worker], number)
            wait_for(lambda number=number: number in listener.numbers, f"event {number}")
            assert hang_up() >= 1
        tell([worker], 3)
        wait_for(lambda: 3 in listener.numbers, "the event after the last time")
        assert listener.numbers == [0, 1, 2, 3]
        wait_for(lambda: count_listeners() == 1, "a new listener")


def test_news_is_heard_though_nobody_called(streams: StreamProcess, worker: Agent, key: str) -> None:
    """A notification of PostgreSQL that got lost: the sweep finds what was told."""
    with listening(streams.url, x_api_key=key) as listener:
        write([worker], 1)
        Notification.objects.create(agent=worker, event=Event.objects.latest("id"))
        wait_for(lambda: listener.heard, "the event")
        relay_batch()
    assert listener.numbers == [1]


def hang_up() -> int:
    return ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s")


def count_listeners() -> int:
    return ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query LIKE 'LISTEN%%'")


def ask(question: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question, [APPLICATION_NAME])
        [answer] = cursor.fetchone()
    return int(answer)


def test_a_client_that_does_not_read_is_let_go_and_others_hear_everything(
    streams: StreamProcess, worker: Agent, key: str
) -> None:
    """What waits for it is bounded; it goes on from its last id and has missed nothing."""
    relay_batch()
    told = 500
    with httpx2.Client(timeout=30) as client, listening(streams.url, x_api_key=key) as listener:
        request = client.build_request("GET", f"{streams.url}{PATH}", headers={"X-Api-Key": key})
        response = client.send(request, stream=True)
        for number in range(told):
            # Together more than the buffers of a socket and what may wait.
            write([worker], number, text="x" * 30_000)
            if number % 10 == 9:
                relay_batch()
                wait_for(lambda: number in listener.numbers, "it, for the one who reads")  # noqa: B023
        slow = Listener()
        slow.take(response.iter_lines())  # returns: the stream has ended
    assert 0 < len(slow.numbers) < told
    with listening(streams.url, x_api_key=key, last_event_id=slow.last) as resumed:
        wait_for(lambda: len(slow.numbers) + len(resumed.numbers) == told, "the rest")
    assert slow.numbers + resumed.numbers == list(range(told))


def test_a_stream_ends_after_its_lifetime_and_goes_on_from_there(tmp_path: Path, worker: Agent, key: str) -> None:
    with stream_process(tmp_path, STREAM_LIFETIME_SECONDS="1") as streams:
        with listening(streams.url, x_api_key=key) as listener:
            tell([worker], 1)
            wait_for(listener.ended.is_set, "its end")
        tell([worker], 2)
        with listening(streams.url, x_api_key=key, last_event_id=listener.last) as resumed:
            wait_for(lambda: resumed.heard, "the rest")
        assert listener.numbers + resumed.numbers == [1, 2]


def test_open_streams_end_in_good_order_when_the_process_is_stopped(
    streams: StreamProcess, worker: Agent, key: str
) -> None:
    with listening(streams.url, x_api_key=key) as listener, listening(streams.url, x_api_key=key) as other:
        streams.process.send_signal(signal.SIGTERM)
        assert streams.process.wait(timeout=5) == 0
        wait_for(lambda: listener.ended.is_set() and other.ended.is_set(), "their end")
