"""Who is mailed of what, and when: people, of what concerns them and is not their own doing (FEATURES M12)."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.mail import services
from agents.mail.kinds import DIGEST, KINDS, UNMAILED, Rhythm
from agents.mail.models import Item, Letter, RefusedAddress
from agents.mail.services import choose_rhythms, fan_out
from agents.models import Agent, User
from marketplace.errors import Invalid
from marketplace.events import types
from marketplace.events.models import Event
from tests.agents.mail.conftest import confirmed, tell
from tests.factories import make_agent, make_person

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str, str]]:
    """Who gets a letter about what, and in which rhythm."""
    rows = Item.objects.order_by("event_id", "user_id").values_list("user__name", "event__type", "letter__rhythm")
    return list(rows)


def test_every_type_of_event_is_in_one_kind_or_in_none():
    listed = [type for kind in KINDS.values() for type in kind.types if not type.startswith("test.")]
    assert len(listed) == len(set(listed))
    assert set(listed) | UNMAILED == {name for name in types.names() if not name.startswith("test.")}
    assert not set(listed) & UNMAILED
    assert {kind.owners for kind in KINDS.values()} <= {"", *KINDS}
    assert DIGEST not in KINDS


def test_a_person_is_told_of_what_concerns_them(reader):
    event = tell(reader, confirmed(make_person("Otto")).user.agent)
    assert told() == [("Rita", "test.told", "EACH"), ("Otto", "test.told", "EACH")]
    assert {item.event_id for item in Item.objects.all()} == {event.pk}


def test_nobody_is_told_of_their_own_doings(reader):
    tell(reader, actor=reader)
    assert told() == []


def unconfirmed(person: Agent) -> None:
    EmailAddress.objects.filter(user=person.user).update(verified=False)


def without_address(person: Agent) -> None:
    EmailAddress.objects.filter(user=person.user).delete()


def inactive(person: Agent) -> None:
    User.objects.filter(pk=person.user_id).update(is_active=False)


def refused(person: Agent) -> None:
    RefusedAddress.objects.create(email=person.user.email, reason="550 nobody")


@pytest.mark.parametrize("state", [unconfirmed, without_address, inactive, refused])
def test_who_cannot_be_mailed_is_not(reader, state):
    state(reader)
    tell(reader)
    assert not Letter.objects.exists()


def test_what_is_in_no_kind_is_not_mailed(reader):
    tell(reader, type="test.unwanted")
    assert told() == []


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("test.other", [("Rita", "test.other", "EACH")]),
        ("test.kept", [("Rita", "test.kept", "EACH")]),
        ("test.told", [("Rita", "test.told", "DAILY")]),
        ("test.many", []),
    ],
)
def test_an_owner_hears_what_their_agent_is_told_where_it_concerns_them(reader, type, expected):
    """Whatever the agent did itself, too: its owner answers for it."""
    agent = make_agent(reader, name="Robo")
    tell(agent, type=type, actor=agent)
    assert told() == expected


def test_an_owner_and_their_agent_are_one_reader(reader):
    agent = make_agent(reader, name="Robo")
    tell(agent, reader)
    assert told() == [("Rita", "test.told", "EACH")], "as their own, which is at once"
    assert Item.objects.get().kind == "jobs"


def test_an_owner_who_did_it_is_not_told_for_their_agent(reader):
    agent = make_agent(reader, name="Robo")
    tell(agent, type="test.other", actor=reader)
    assert told() == []


def test_people_choose_how_often(reader):
    choose_rhythms(user=reader.user, rhythms={"jobs": "NEVER", "bids_received": "EACH", "money": "DAILY"})
    for type in ("test.told", "test.many", "test.other", "test.wanted"):
        tell(reader, type=type)
    assert [(type, rhythm) for _, type, rhythm in told()] == [
        ("test.many", "EACH"),
        ("test.other", "DAILY"),
        ("test.wanted", "EACH"),
    ]


def test_a_choice_that_is_none_is_refused(reader):
    for rhythms in ({"jobs": "HOURLY"}, {"cats": "EACH"}, {"disputes": "NEVER"}):
        with pytest.raises(Invalid) as refusal:
            choose_rhythms(user=reader.user, rhythms=rhythms)
        assert [error.field for error in refusal.value.errors] == list(rhythms)


def test_an_event_read_twice_is_told_once(reader):
    event = tell(reader, type="test.wanted")
    daily = tell(reader, type="test.many")
    assert fan_out([event.pk, daily.pk]) == 0
    assert len(told()) == Letter.objects.count() == 2


def test_what_comes_once_a_day_is_one_letter_at_the_hour(reader, settings):
    """Due at the next full MAIL_DIGEST_HOUR in UTC, and a margin for the relay."""
    settings.MAIL_DIGEST_HOUR = 7
    first, second = tell(reader, type="test.many"), tell(reader, type="test.many")
    letter = Letter.objects.get()
    assert {item.event_id for item in letter.items.all()} == {first.pk, second.pk}
    due = letter.due_at - services.DIGEST_MARGIN
    assert (due.hour, due.minute, due.second, due.microsecond) == (7, 0, 0, 0)
    assert timedelta(0) <= letter.due_at - datetime.now(UTC) <= timedelta(days=1) + services.DIGEST_MARGIN


@pytest.mark.parametrize("hour", range(24))
def test_the_hour_is_never_past_and_never_more_than_a_day_away(reader, settings, hour):
    settings.MAIL_DIGEST_HOUR = hour
    event = tell(reader, type="test.many")
    wait = Letter.objects.get().due_at - services.DIGEST_MARGIN - Event.objects.get(pk=event.pk).created_at
    assert timedelta(0) < wait <= timedelta(days=1)


def test_only_what_may_go_at_once_wakes_the_sender(reader):
    daily, each = (Event.objects.create(type=type, audience=[reader.pk], body=b"{}") for type in DAILY_AND_EACH)
    assert fan_out([daily.pk]) == 0
    assert fan_out([daily.pk, each.pk]) == 1


DAILY_AND_EACH = ("test.many", "test.wanted")


@pytest.mark.parametrize("count", [1, 30])
def test_one_statement_for_one_and_for_many(count):
    people = [confirmed(make_person("Many")) for _ in range(count)]
    event = Event.objects.create(type="test.many", audience=[person.pk for person in people], body=b"{}")
    Item.objects.all().delete()
    with CaptureQueriesContext(connection) as queries:
        fan_out([event.pk])
    assert len(queries) == 1
    assert Item.objects.filter(event=event, letter__rhythm=Rhythm.DAILY).count() == count
