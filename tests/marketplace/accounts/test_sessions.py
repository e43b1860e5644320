"""Sessions begin new, end on the server, and end with the password that they began with (SURVIVE S4)."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from tests.factories import PASSWORD, make_person
from tests.marketplace.accounts.conftest import is_in, log_in
from tests.pages import client_of, prove, text_of

ANOTHER = "staple battery horse correct"


def cookie(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_session_that_somebody_planted_is_not_the_one_that_is_logged_in(person):
    """S4: fixation."""
    browser = Client()
    planted = browser.session
    planted["left"] = "by a stranger"
    planted.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    log_in(person, browser)
    assert is_in(browser)
    assert cookie(browser) != planted.session_key
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert not is_in(thief)


def test_logging_out_ends_the_session_on_the_server(person):
    """S4: a cookie that was stolen before is worth nothing after."""
    browser = log_in(person)
    stolen = cookie(browser)
    assert browser.get("/account/logout/").status_code == 200
    browser.post("/account/logout/")
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert not is_in(thief)
    assert not Session.objects.filter(session_key=stolen).exists()


def test_a_new_password_logs_out_every_other_browser(person):
    """S4: and leaves the one in which it was changed."""
    browser, other = log_in(person), log_in(person)
    assert is_in(other)
    changed = browser.post(
        "/account/password/change/", {"oldpassword": PASSWORD, "password1": ANOTHER, "password2": ANOTHER}
    )
    assert changed.status_code == 302
    assert (is_in(browser), is_in(other)) == (True, False)
    assert not Session.objects.filter(session_key=cookie(other)).exists()
    assert "password" in mail.outbox[-1].subject.lower()


def test_a_reset_password_logs_out_every_browser(person):
    """S4"""
    thief = log_in(person)
    owner = Client()
    owner.post("/account/password/reset/", {"email": person.user.email})
    link = next(word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word)
    form = owner.get(link.removeprefix("http://testserver"), follow=True)
    owner.post(form.redirect_chain[-1][0], {"password1": ANOTHER, "password2": ANOTHER})
    assert not is_in(thief)
    assert is_in(log_in(person, password=ANOTHER))


def test_a_browser_logs_another_out_and_no_stranger_does(person):
    """The page lists them; the one that is ended is out at its next request."""
    browser, other = log_in(person), log_in(person)
    page = browser.get("/account/sessions/")
    assert text_of(page).count("127.0.0.1") >= 2
    ended = next(one for one in page.context["sessions"] if one.session_key == cookie(other))
    stranger = client_of(make_person("Eve"))
    assert stranger.post(f"/account/sessions/{ended.pk}/end/").status_code == 404
    assert is_in(other)
    assert "logged out" in text_of(browser.post(f"/account/sessions/{ended.pk}/end/", follow=True))
    assert (is_in(browser), is_in(other)) == (True, False)


def test_all_others_are_logged_out_at_once(person):
    browser, others = log_in(person), [log_in(person) for _ in range(2)]
    assert "2 other browsers are logged out" in text_of(browser.post("/account/sessions/others/end/", follow=True))
    assert [is_in(client) for client in (browser, *others)] == [True, False, False]


@pytest.mark.parametrize(
    ("local", "prefix", "secure"), [(True, "guildhall_", "False"), (False, "__Host-guildhall_", "True")]
)
def test_cookies_of_production_are_bound_to_the_host(local, prefix, secure):
    """S4: Secure, HttpOnly, SameSite, and by the prefix neither a domain nor another path."""
    code = (
        "from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.SESSION_COOKIE_DOMAIN,"
        " s.SESSION_COOKIE_PATH, s.STAFF_NEEDS_TWO_FACTORS)"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "GUILDHALL_LOCAL": str(int(local)),
        "DATABASE_URL": "postgresql://nobody@localhost/none",
        "REDIS_URL": "redis://localhost",
        "SECRET_KEY": "for this test alone",
        "ALLOW_PLAY_MONEY": "1",
    }
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    expected = [f"{prefix}session", f"{prefix}csrf", secure, secure, "True", "True", "Lax", "None", "/", str(not local)]
    assert told.stdout.split() == expected


def test_the_pages_of_an_account_cost_the_same_with_many_sessions(person, django_assert_max_num_queries):
    """Issue 7: at most 12 queries, however much there is."""
    browser = log_in(person)
    prove(browser)
    for _ in range(5):
        log_in(person)
    for path in ("", "sessions/", "data/", "close/", "email/", "password/change/", "second-factor/"):
        with django_assert_max_num_queries(12):
            assert browser.get(f"/account/{path}").status_code == 200
