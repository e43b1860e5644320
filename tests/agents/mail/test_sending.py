"""From the row to the mail server: once, whatever dies on the way (FEATURES M12; SURVIVE W1, W2)."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Event

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now

from agents.mail import sending, services
from agents.mail.models import Letter, RefusedAddress
from agents.mail.services import WAITS, claim_due, forget_letters, try_again
from agents.mail.tasks import send_letters
from marketplace.events import types
from marketplace.supervisor import CHECKOUT
from tests.agents.mail.conftest import come_due, confirmed, tell
from tests.agents.mail.server import USUAL
from tests.factories import make_person
from tests.faults.conftest import environment
from tests.racing import race
from tests.waiting import wait_for

Status = Letter.Status
pytestmark = pytest.mark.django_db


def states() -> list[tuple[str, int]]:
    return list(Letter.objects.order_by("created_at", "id").values_list("status", "attempts"))


def answers(**commands: bytes | None):
    """A server's answers: the usual ones but for these commands, by their first four letters."""
    changed = {name.encode(): answer for name, answer in commands.items()}
    return lambda line: changed.get(line[:4].upper(), USUAL.get(line[:4].upper(), b"250 OK"))


def test_letters_go_out_over_one_connection(server, reader):
    for _ in range(5):
        tell(reader)
    assert send_letters() == 5
    assert (len(server.mails), server.sessions) == (5, 1)
    assert states() == [(Status.SENT, 1)] * 5
    letter = Letter.objects.first()
    assert letter.sent_at and not letter.leased_until and letter.address == reader.user.email
    assert len({mail["Message-ID"] for mail in server.mails}) == 5
    [plain, html] = server.mails[0].iter_parts()
    assert [plain.get_content_type(), html.get_content_type()] == ["text/plain", "text/html"]
    assert send_letters() == 0


def test_a_server_that_is_down_is_tried_again_until_it_is_up(new_server, reader):
    down = new_server()
    down.stop()
    tell(reader), tell(reader)
    send_letters()
    assert states() == [(Status.WAITING, 1)] * 2
    assert "refused" in Letter.objects.first().last_error.lower()
    assert send_letters() == 0, "it is not due yet"
    up = new_server(down.port)
    come_due()
    send_letters()
    assert states() == [(Status.SENT, 2)] * 2 and len(up.mails) == 2


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_six_attempts_over_a_day(server, reader):
    server.answer = answers(MAIL=b"451 not now")
    tell(reader)
    for number, wait in enumerate(WAITS, start=1):
        before = database_now()
        come_due()
        send_letters()
        letter = Letter.objects.get()
        assert (letter.status, letter.attempts) == (Status.WAITING, number)
        assert before + wait <= letter.due_at <= database_now() + wait
    come_due()
    send_letters()
    assert states() == [(Status.FAILED, 6)]
    assert sum(WAITS, timedelta()) >= timedelta(days=1)


@pytest.mark.parametrize("command", ["RCPT", "DATA", "(MAI"])
def test_a_mail_that_is_refused_for_good_is_not_sent_again(server, reader, command):
    server.answer = answers(**{command: b"554 5.6.0 not this one"})
    tell(reader)
    send_letters()
    assert states() == [(Status.REFUSED, 1)]
    assert Letter.objects.get().last_error == "554 5.6.0 not this one"
    come_due()
    assert send_letters() == 0


@pytest.mark.parametrize("command", ["RCPT", "DATA", "(MAI"])
def test_a_mail_that_is_refused_for_now_is_sent_later(server, reader, command):
    """As greylisting does it."""
    server.answer = answers(**{command: b"450 4.2.0 come back later"})
    tell(reader)
    send_letters()
    assert states() == [(Status.WAITING, 1)]
    server.answer = answers()
    come_due()
    send_letters()
    assert states() == [(Status.SENT, 2)] and len(server.mails) >= 1


def test_an_address_that_is_nobodys_is_written_to_no_more(server, reader):
    """Until its owner asks for another try; the letters of others go on over the same connection."""
    other = confirmed(make_person("Other"))
    server.answer = lambda line: b"550 5.1.1 nobody" if reader.user.email.encode() in line else answers()(line)
    tell(reader, other)
    send_letters()
    assert server.recipients == [other.user.email] and server.sessions == 1
    refused = RefusedAddress.objects.get()
    assert (refused.email, refused.reason) == (reader.user.email, "550 5.1.1 nobody")
    tell(reader)
    assert Letter.objects.filter(user=reader.user).count() == 1
    try_again(user=reader.user)
    server.answer = answers()
    tell(reader)
    send_letters()
    assert server.recipients == [other.user.email, reader.user.email]


def test_a_server_that_will_not_have_us_says_nothing_about_the_address(server, reader):
    server.answer = answers(RCPT=b"550 5.7.1 your network is on our list")
    tell(reader)
    send_letters()
    assert states() == [(Status.REFUSED, 1)] and not RefusedAddress.objects.exists()


@pytest.mark.parametrize("command", ["MAIL", "DATA", "(MAI"])
def test_a_connection_that_ends_costs_one_letter_an_attempt(server, reader, command):
    """What is not answered is sent again, recognisable by its Message-ID; the next letter has a new connection."""
    faults = iter([None])
    usual = answers()
    server.answer = lambda line: next(faults, usual(line)) if line[:4].upper() == command.encode() else usual(line)
    tell(reader), tell(reader)
    send_letters()
    assert sorted(states()) == [(Status.SENT, 1), (Status.WAITING, 1)]
    come_due()
    send_letters()
    assert sorted(states()) == [(Status.SENT, 1), (Status.SENT, 2)]
    assert len({mail["Message-ID"] for mail in server.mails}) == 2


def test_one_letter_that_cannot_be_written_does_not_stop_the_others(reader, monkeypatch):
    broken, sound = tell(reader), tell(reader)
    real = types.sentence

    def sentence(event):
        if event.pk == broken.pk:
            raise KeyError("what is not there")
        return real(event)

    monkeypatch.setattr(types, "sentence", sentence)
    send_letters()
    assert {(letter.items.get().event_id, letter.status) for letter in Letter.objects.all()} == {
        (broken.pk, Status.WAITING),
        (sound.pk, Status.SENT),
    }
    assert "KeyError" in Letter.objects.get(status=Status.WAITING).last_error


def test_whoever_has_no_account_any_more_is_not_mailed(reader):
    tell(reader)
    reader.user.is_active = False
    reader.user.save()
    send_letters()
    assert mail.outbox == [] and states() == [(Status.DROPPED, 0)]


def test_what_takes_too_long_is_left_to_the_next_worker(reader, monkeypatch):
    monkeypatch.setattr(sending, "MOST_SECONDS", -1)
    tell(reader)
    sending.send(claim_due())
    assert states() == [(Status.WAITING, 0)]
    monkeypatch.undo()
    send_letters()
    assert len(mail.outbox) == 1


def test_old_letters_are_forgotten_and_those_that_wait_are_not(reader, settings, monkeypatch):
    monkeypatch.setattr(services, "FORGET_BATCH", 2)
    for _ in range(5):
        tell(reader)
    send_letters()
    tell(reader)
    Letter.objects.update(created_at=Now() - timedelta(days=settings.MAIL_KEPT_DAYS + 1))
    young = tell(reader)
    assert forget_letters() == 5
    assert states().count((Status.WAITING, 0)) == Letter.objects.count() == 2
    assert young.pk in set(Letter.objects.values_list("items__event_id", flat=True))


@pytest.mark.django_db(transaction=True)
class TestLeases:
    """A claim is a lease; leases need commits."""

    def test_workers_at_once_send_each_letter_once(self, server, reader, monkeypatch):
        monkeypatch.setattr(services, "CLAIM_BATCH", 3)
        for _ in range(20):
            tell(reader)
        outcomes = race([sending.send_due] * 4)
        assert sum(outcomes) == 20, outcomes
        assert len(server.mails) == 20
        assert len({mail["Message-ID"] for mail in server.mails}) == 20

    def test_a_mail_server_that_hangs_holds_one_worker(self, server, reader):
        """The others have the clock to look after."""
        held, usual = Event(), answers()

        def hang(line):
            held.wait(30)
            return usual(line)

        server.answer = hang
        tell(reader)
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(race, [send_letters])
            try:
                wait_for(lambda: server.sessions, "the first worker to connect")
                assert send_letters() == 0
            finally:
                held.set()
            assert first.result() == [1]
        tell(reader)
        assert send_letters() == 1 and len(server.mails) == 2

    def test_no_transaction_is_open_while_we_talk_to_the_server(self, server, reader):
        seen = []
        usual = answers()

        def look(line):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' "
                    "AND datname = current_database()"
                )
                seen.append(cursor.fetchone()[0])
            connection.close()
            return usual(line)

        server.answer = look
        tell(reader)
        send_letters()
        assert len(seen) >= 4 and set(seen) == {0}

    def test_a_crash_between_the_servers_yes_and_our_record_repeats_the_same_mail(
        self, server, reader, settings, monkeypatch
    ):
        """Whoever got it twice can tell: Message-ID is the letter's."""
        settings.MAIL_LEASE_SECONDS = 0.2
        tell(reader)

        def crash(*arguments):
            raise SystemExit

        monkeypatch.setattr(services, "record_sent", crash)
        with pytest.raises(SystemExit):
            sending.send(claim_due())
        monkeypatch.undo()
        assert states() == [(Status.WAITING, 0)]
        wait_for(send_letters, "the lease to end")
        assert states() == [(Status.SENT, 1)]
        first, second = server.mails
        assert first["Message-ID"] == second["Message-ID"]
        assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()

    def test_a_worker_that_comes_late_changes_nothing(self, reader, settings):
        settings.MAIL_LEASE_SECONDS = 0.2
        tell(reader)
        [slow] = claim_due()
        [quick] = wait_for(claim_due, "the lease to end")
        services.record_failure(slow, "", "late")
        assert states() == [(Status.WAITING, 0)]
        services.record_sent(quick, "here@people.example")
        services.record_failure(slow, "", "late")
        assert states() == [(Status.SENT, 1)]

    def test_a_letter_is_claimed_by_one_worker(self, reader):
        tell(reader)
        assert sorted(len(claims) for claims in race([partial(claim_due)] * 6)) == [0] * 5 + [1]

    def test_a_sender_killed_in_the_middle_loses_nothing(self, server, reader):
        """W1: SIGKILL while the server holds its answer back; the next sender sends the same mail."""
        told, usual = [tell(reader) for _ in range(3)], answers()
        arrived, killed = Event(), Event()

        def hold_the_first(line):
            if line == b"(mail)" and not arrived.is_set():
                arrived.set()
                killed.wait(30)
                return None
            return usual(line)

        server.answer = hold_the_first
        sender = start_sender(server.port)
        assert arrived.wait(60)
        sender.kill()
        sender.wait()
        killed.set()
        assert states() == [(Status.WAITING, 0)] * 3
        wait_for(lambda: sending.send_due() and states() == [(Status.SENT, 1)] * 3, "the lease to end")
        ids = [mail["Message-ID"] for mail in server.mails]
        assert len(ids) == 4 and len(set(ids)) == len(told)


def start_sender(port: int) -> subprocess.Popen[bytes]:
    """A process that sends to that port what is due in the database of the tests."""
    code = "import django; django.setup(); from agents.mail import sending; sending.send_due()"
    own = {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "MAIL_LEASE_SECONDS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={**os.environ, **environment(), **own, "DJANGO_SETTINGS_MODULE": "marketplace.settings"},
    )
