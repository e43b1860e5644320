"""People decide what is mailed to them: on a page, and with one click in a mail (FEATURES M12, RFC 8058)."""

import re
from dataclasses import replace

import pytest
from django.core import mail
from django.test import Client

from agents.mail.kinds import DIGEST, KINDS, Rhythm
from agents.mail.links import unsubscribe_url
from agents.mail.models import Letter, Preference, RefusedAddress
from agents.mail.queries import exceptions_of, rhythms_of
from agents.mail.tasks import send_letters
from marketplace.events.relay import relay_batch
from tests.agents.mail.conftest import come_due, confirmed, tell
from tests.factories import make_agent, make_person

pytestmark = pytest.mark.django_db

PAGE = "/account/mail/"


@pytest.fixture
def page(client, reader) -> Client:
    """The reader, signed in."""
    client.force_login(reader.user)
    return client


def link(reader, key: str) -> str:
    return re.sub("^https?://[^/]+", "", unsubscribe_url(reader.user_id, key))


def all_at_once(**changes: str) -> dict[str, str]:
    return {**dict.fromkeys(KINDS, "EACH"), **changes}


def test_the_page_shows_what_comes_and_how_often(page):
    html = page.get(PAGE).content.decode()
    for kind in KINDS.values():
        assert kind.label in html and kind.help in html
        chosen = re.search(f'name="{kind.key}" value="([A-Z]+)"[^>]* checked', html)
        assert chosen and chosen[1] == kind.rhythm
    assert 'name="disputes" value="NEVER"' not in html
    assert 'href="/account/mail/"' in page.get("/").content.decode()


def test_what_is_chosen_is_kept(page, reader):
    response = page.post(PAGE, all_at_once(jobs="NEVER", money="DAILY"), follow=True)
    assert "Mail comes as you chose." in response.content.decode()
    assert rhythms_of(reader.user) == all_at_once(jobs="NEVER", money="DAILY")
    page.post(PAGE, all_at_once())
    assert rhythms_of(reader.user) == all_at_once()
    assert Preference.objects.filter(user=reader.user).count() == len(KINDS)


@pytest.mark.parametrize("changes", [{"disputes": "NEVER"}, {"jobs": "HOURLY"}, {"jobs": ""}])
def test_what_is_no_choice_changes_nothing(page, reader, changes):
    assert page.post(PAGE, all_at_once(**changes)).status_code == 400
    assert not Preference.objects.exists()


def test_the_page_is_for_who_is_signed_in_and_came_by_the_form(client, reader):
    for address in (PAGE, PAGE + "try-again/"):
        assert client.post(address, all_at_once()).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reader.user)
    assert strict.post(PAGE, all_at_once()).status_code == 403
    assert not Preference.objects.exists()


def test_what_waits_of_a_kind_that_is_ended_is_not_sent(page, reader):
    tell(reader), tell(reader, type="test.wanted")
    page.post(PAGE, all_at_once(jobs="NEVER"))
    send_letters()
    assert len(mail.outbox) == 1
    assert sorted(Letter.objects.values_list("status", flat=True)) == ["DROPPED", "SENT"]


def test_following_the_link_changes_nothing(client, reader):
    """Programs that guard mailboxes follow every link."""
    response = client.get(link(reader, "jobs"))
    assert response.status_code == 200 and KINDS["jobs"].label in response.content.decode()
    assert 'method="post"' in response.content.decode()
    assert client.head(link(reader, "jobs")).status_code == 405
    assert not Preference.objects.exists()


def test_one_click_ends_mail_of_that_kind(reader):
    """From a mail program: no session, no token of a form."""
    stranger = Client(enforce_csrf_checks=True)
    body = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        response = stranger.post(link(reader, "jobs"), body, headers={"origin": "https://mail.example"})
        assert response.status_code == 200 and "No more mail" in response.content.decode()
    assert {key for key, rhythm in rhythms_of(reader.user).items() if rhythm == "NEVER"} == {"jobs"}
    tell(reader), tell(reader, type="test.wanted")
    send_letters()
    assert len(mail.outbox) == 1


def test_one_click_in_a_days_mail_ends_what_comes_once_a_day(client, reader):
    Preference.objects.create(user=reader.user, kind="disputes", rhythm="DAILY")
    before = rhythms_of(reader.user)
    tell(reader, type="test.many")
    come_due()
    send_letters()
    [sent] = mail.outbox
    client.post(re.fullmatch("<https?://[^/]+(/.*)>", sent.extra_headers["List-Unsubscribe"])[1])
    for key, rhythm in rhythms_of(reader.user).items():
        ended = before[key] == Rhythm.DAILY and key != "disputes"
        assert rhythm == (Rhythm.NEVER if ended else before[key])


def test_a_link_works_after_a_change_of_keys(client, reader, settings):
    address = link(reader, "jobs")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert client.get(address).status_code == 200


def test_a_forged_link_is_no_link(client, reader):
    genuine = link(reader, "jobs")
    other = link(confirmed(make_person("Other")), "jobs")
    payload, signature = genuine.rstrip("/").rpartition(":")[::2]
    forged = [
        genuine.replace(signature, signature[:-2] + "xx"),
        other.rstrip("/").rpartition(":")[0] + ":" + signature + "/",
        payload + "/",
        link(reader, "cats"),
        "/mail/unsubscribe/x/",
        "/mail/unsubscribe/" + "a" * 2000 + "/",
        "/mail/unsubscribe/%00:%ff/",
    ]
    for address in forged:
        for method in (client.get, client.post):
            assert method(address).status_code in {400, 404}, address
    assert client.post(link(reader, "disputes")).status_code == 400
    reader.user.is_active = False
    reader.user.save()
    assert not Preference.objects.exists()


def test_the_daily_link_of_nobody_is_no_link(client, reader):
    from django.core import signing

    token = signing.Signer(salt="agents.mail.unsubscribe").sign_object([reader.user_id + 999, DIGEST])
    assert client.post(f"/mail/unsubscribe/{token}/").status_code == 404


def test_a_person_can_ask_for_another_try(page, reader):
    RefusedAddress.objects.create(email=reader.user.email, reason="550 <b>nobody</b>")
    RefusedAddress.objects.create(email="other@people.example", reason="550")
    html = page.get(PAGE).content.decode()
    assert f"No mail is sent to {reader.user.email}" in html and "&lt;b&gt;nobody" in html
    assert "other@people.example" not in html
    page.post(PAGE + "try-again/")
    assert list(RefusedAddress.objects.values_list("email", flat=True)) == ["other@people.example"]


@pytest.fixture
def another(monkeypatch) -> str:
    """A second type of the kind that test.told is of."""
    monkeypatch.setitem(KINDS, "jobs", replace(KINDS["jobs"], types=(*KINDS["jobs"].types, "test.unwanted")))
    return "test.unwanted"


def test_one_type_of_event_is_told_otherwise_than_its_kind(page, reader, another):
    """PEOPLE: event by event, at once, once a day or never."""
    assert "Each by itself" in page.get(PAGE).content.decode()
    page.post(PAGE, all_at_once(**{"jobs": "NEVER", "test.told": "EACH", "money": "EACH", "test.other": "NEVER"}))
    assert exceptions_of(reader.user) == {"test.told": "EACH", "test.other": "NEVER"}
    html = page.get(PAGE).content.decode()
    assert re.search(r'(?s)<select name="test.told".*?value="EACH" selected', html)
    tell(reader, type=another), tell(reader), tell(reader, type="test.other"), tell(reader, type="test.wanted")
    send_letters()
    assert sorted(letter.items.get().event.type for letter in Letter.objects.filter(status="SENT")) == [
        "test.told",
        "test.wanted",
    ]
    page.post(PAGE, all_at_once(**{"jobs": "NEVER", "test.told": ""}))
    assert exceptions_of(reader.user) == {}


def test_what_waits_of_a_type_that_is_ended_is_not_sent_and_the_rest_is(page, reader, another):
    tell(reader), tell(reader, type=another)
    page.post(PAGE, all_at_once(**{"test.told": "NEVER"}))
    send_letters()
    assert [letter.items.get().event.type for letter in Letter.objects.filter(status="SENT")] == [another]


def test_ending_a_kind_ends_its_types(client, page, reader):
    page.post(PAGE, all_at_once(**{"test.told": "EACH"}))
    client.post(link(reader, "jobs"))
    tell(reader)
    assert (exceptions_of(reader.user), Letter.objects.count()) == ({}, 0)


def test_ending_daily_mail_ends_the_types_that_come_daily(client, page, reader):
    page.post(PAGE, all_at_once(**{"test.told": "DAILY", "test.kept": "DAILY"}))
    client.post(link(reader, DIGEST))
    assert exceptions_of(reader.user) == {"test.told": "NEVER", "test.kept": "DAILY"}


def test_an_exception_is_for_oneself_and_not_for_agents(page, reader):
    """Of an agent at work its owner hears as they chose for their agents."""
    agent = make_agent(reader)
    relay_batch()
    page.post(PAGE, all_at_once(**{"test.told": "NEVER"}))
    tell(agent), tell(reader)
    assert [item.kind for letter in Letter.objects.all() for item in letter.items.all()].count("agent_work") == 1


@pytest.mark.parametrize("changes", [{"dispute.opened": "NEVER"}, {"job.offered": "HOURLY"}])
def test_an_exception_is_no_way_round_what_is_required(page, reader, changes):
    assert page.post(PAGE, all_at_once(**changes)).status_code == 400
    assert not Preference.objects.exists()
