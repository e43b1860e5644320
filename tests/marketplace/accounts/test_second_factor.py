"""A second factor: set up, used, lost, not guessed, and needed by operators (issue 7; ASVS 6.3)."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.factories import PASSWORD, make_person
from tests.marketplace.accounts.conftest import is_in, log_in, with_address, with_app
from tests.pages import prove, text_of


def test_an_app_is_set_up_and_then_needed(person, app_code):
    browser = log_in(person)
    page = browser.get("/account/second-factor/totp/activate/")
    secret = page.context["form"].secret
    assert f'<code id="secret" aria-labelledby="secret-label">{secret}</code>' in page.content.decode()
    wrong = browser.post("/account/second-factor/totp/activate/", {"code": "000000"})
    assert "Incorrect code" in text_of(wrong)
    assert not Authenticator.objects.exists()
    browser.post("/account/second-factor/totp/activate/", {"code": app_code(secret)})
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}

    other = log_in(person)
    assert not is_in(other)
    assert "One more step" in text_of(other.get("/account/second-factor/authenticate/"))
    other.post("/account/second-factor/authenticate/", {"code": app_code(secret)})
    assert is_in(other)


def test_a_code_works_once(person, app_code):
    """Who looks over a shoulder is too late."""
    code = app_code(with_app(person))
    log_in(person, first := Client())
    log_in(person, second := Client())
    first.post("/account/second-factor/authenticate/", {"code": code})
    second.post("/account/second-factor/authenticate/", {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_lets_in_once(person):
    with_app(person)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    for expected in (True, False):
        browser = log_in(person)
        browser.post("/account/second-factor/authenticate/", {"code": codes[0]})
        assert is_in(browser) is expected


def test_secrets_are_not_readable_in_the_database(person):
    secret = with_app(person)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept
    assert re.fullmatch(r"gAAAA[\w=-]+", kept)


def test_codes_are_not_guessed(person, app_code, settings):
    """S6 for the second factor: the account is counted, whatever address the tries come from."""
    secret = with_app(person)
    settings.THROTTLES = {**settings.THROTTLES, "second_factor_account": "3/m"}
    answers = []
    for number in range(5):
        browser = log_in(person, Client(REMOTE_ADDR=f"203.0.113.{number}"))
        answers.append(browser.post("/account/second-factor/authenticate/", {"code": "000000"}).status_code)
    assert answers == [200, 200, 200, 429, 429]
    right = log_in(person).post("/account/second-factor/authenticate/", {"code": app_code(secret)})
    assert right.status_code == 429


@pytest.mark.parametrize("path", ["totp/activate/", "recovery-codes/generate/", "webauthn/add/", "totp/deactivate/"])
def test_whoever_has_only_a_stolen_cookie_cannot_change_it(person, path):
    with_app(person)
    browser = Client()
    browser.force_login(person.user)
    prove(browser, seconds_ago=301)
    answer = browser.get(f"/account/second-factor/{path}")
    assert answer.status_code == 302
    assert "/reauthenticate/" in answer["Location"]
    assert Authenticator.objects.filter(user=person.user).count() == 2


def test_operators_need_a_second_factor(db, settings, app_code):
    """STAFF_NEEDS_TWO_FACTORS: a password opens the site, and not the console."""
    settings.STAFF_NEEDS_TWO_FACTORS = True
    operator = with_address(make_person("Olga", password=PASSWORD, is_staff=True, is_superuser=True))
    browser = log_in(operator)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/second-factor/"
    assert "opens only with a second factor" in text_of(answer)

    secret = with_app(operator)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/second-factor/reauthenticate/?next=%2Fadmin%2F"
    opened = browser.post(
        "/account/second-factor/reauthenticate/", {"code": app_code(secret), "next": "/admin/"}, follow=True
    )
    assert (opened.status_code, opened.redirect_chain[-1][0]) == (200, "/admin/")

    settings.STAFF_NEEDS_TWO_FACTORS = False
    otto = with_address(make_person("Otto", password=PASSWORD, is_staff=True, is_superuser=True))
    assert log_in(otto).get("/admin/").status_code == 200


def test_the_console_is_shown_to_nobody_else(person):
    assert log_in(person).get("/admin/", follow=True).status_code == 403
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/account/login/")
