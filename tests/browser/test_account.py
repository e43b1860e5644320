"""A person guards their account in a real browser: second factor, passkey, sessions, a withdrawal that asks again."""

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from playwright.sync_api import Page, expect

from agents.models import Agent
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.marketplace.accounts.conftest import app_code  # noqa: F401
from tests.pages import client_of, prove
from tests.wallets.outside import ADDRESS
from wallets.models import Withdrawal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member(transactional_db: None) -> Agent:
    """A person with a confirmed address and 1,000 USDC."""
    person = factories.make_person("Paula", funds=factories.FUNDS, password=factories.PASSWORD)
    EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    return person


def give_password(page: Page, email: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Create an account").first).to_be_visible()


def test_a_second_factor_is_set_up_and_asked_for(
    open_browser: OpenBrowser,
    member: Agent,
    app_code: Callable[[str], str],  # noqa: F811
) -> None:
    email = member.user.email
    with open_browser() as page:
        give_password(page, email)
        page.get_by_role("button", name="Your account").click()
        page.get_by_role("link", name="Account", exact=True).click()
        page.get_by_role("link", name="Add a second factor").click()
        page.get_by_role("link", name="Set it up with an app").click()
        secret = page.locator("#secret").inner_text()
        page.get_by_label("Authenticator code").fill(app_code(secret))
        page.get_by_role("button", name="Switch it on").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        sign_out(page)

        give_password(page, email)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        page.get_by_label("Code").fill(app_code(secret))
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Hello, Paula")).to_be_visible()


def test_a_passkey_signs_in_alone_under_our_policy(open_browser: OpenBrowser, member: Agent) -> None:
    email = member.user.email
    with open_browser() as page:
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        has = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options = {**has, "isUserVerified": True, "automaticPresenceSimulation": True}
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        give_password(page, email)
        expect(page.get_by_role("heading", name="Hello, Paula")).to_be_visible()
        page.goto("/account/second-factor/webauthn/add/")
        page.get_by_label("Name").fill("My laptop")
        page.get_by_label(re.compile("Passwordless")).check()
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        sign_out(page)

        page.goto("/account/login/")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Hello, Paula")).to_be_visible()
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_a_withdrawal_asks_for_the_password_when_the_login_is_old(
    open_browser: OpenBrowser, site: str, member: Agent
) -> None:
    """Without JavaScript too; what was looked over is done then, and once."""
    browser = client_of(member)
    prove(browser, seconds_ago=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": browser.session.session_key, "url": site}
    with open_browser(java_script_enabled=False) as page:
        page.context.add_cookies([cookie])
        page.goto("/wallet/withdrawals/new/")
        page.get_by_label("Amount").fill("40")
        page.get_by_label("To the address").fill(ADDRESS)
        page.get_by_role("button", name="Look it over").click()
        page.get_by_role("button", name="Withdraw 40.00 USDC").click()
        expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_role("button", name="It is me").click()
        expect(page.get_by_text("Asked for").first).to_be_visible()
    assert Withdrawal.objects.get().amount == 40 * MICRO
