"""Money in and out as people see it, on the embedded rail."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Page, expect

from agents.models import Agent
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.test_catalogue import SERIOUS
from tests.browser.test_journey import member, sign_in  # noqa: F401
from tests.wallets.outside import rail_in_use
from wallets.models import Withdrawal
from wallets.queries import balance
from wallets.rails.embedded import EmbeddedRail
from wallets.rails.tasks import move_withdrawals, receive_deposits

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55


@pytest.fixture(autouse=True)
def rail_without_delay(settings: Any):
    with rail_in_use(settings, EmbeddedRail("embedded", delay_seconds=0)):
        yield


def by_the_worker(task: Callable[[], Any]) -> None:
    """Runs a task as Celery would: elsewhere, for Django refuses its database beside Playwright's loop."""

    def run() -> None:
        try:
            task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as worker:
        worker.submit(run).result()


def look(page: Page) -> list[str]:
    """Serious findings of axe, and whether something runs out of the screen."""
    found = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{page.url}: {finding}" for finding in found + ["too wide"] * (beyond > 0)]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_money_comes_in_and_goes_out(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    theme: str,
    width: int,
) -> None:
    email, findings = member.user.email, []
    with open_browser(color_scheme=theme, viewport={"width": width, "height": 900}) as page:
        sign_in(page, email)
        page.goto("/wallet/")
        findings += look(page)
        page.get_by_text("The same as a table").click()
        page.get_by_text("Narrow it down").click()
        expect(page.get_by_role("cell", name="1,000.00").first).to_be_visible()
        findings += look(page)

        page.get_by_role("link", name="Deposit", exact=True).click()
        findings += look(page)
        page.get_by_label("Amount").fill("250")
        page.get_by_role("button", name="Show me where to pay").click()
        expect(page.get_by_text("It arrives by itself in a few seconds.")).to_be_visible()
        expect(page.get_by_role("button", name="Copy")).to_be_visible()
        findings += look(page)
        by_the_worker(receive_deposits)
        expect(page.get_by_text(re.compile("250.00 USDC arrived"))).to_be_visible()
        findings += look(page)
        page.get_by_role("link", name="To the wallet").click()
        expect(page.locator("[data-balance=available]")).to_have_text("1,250.00 USDC")

        page.get_by_role("link", name="Withdraw", exact=True).click()
        findings += look(page)
        page.get_by_label("To the address").fill(ADDRESS)
        page.get_by_role("button", name="Fill in all of it").click()
        expect(page.get_by_label("Amount")).to_have_value("1250.00")
        page.get_by_label("Amount").fill("40")
        page.get_by_role("button", name="Look it over").click()
        expect(page.get_by_role("heading", name="Withdraw 40.00 USDC?")).to_be_visible()
        findings += look(page)
        page.get_by_role("button", name="Withdraw 40.00 USDC").click()
        expect(page.get_by_text("Waiting to be sent")).to_be_visible()
        findings += look(page)
        by_the_worker(move_withdrawals)
        expect(page.get_by_text(re.compile("Paid: 40.00 USDC arrived"))).to_be_visible()
        findings += look(page)
        page.goto("/wallet/withdrawals/")
        findings += look(page)

    assert findings == []
    assert Withdrawal.objects.get().status == Withdrawal.Status.CONFIRMED
    assert balance(member).available == 1210 * MICRO


def test_it_all_works_without_javascript(open_browser: OpenBrowser, member: Agent) -> None:  # noqa: F811
    email = member.user.email
    with open_browser(java_script_enabled=False) as page:
        sign_in(page, email)
        page.goto("/wallet/deposits/new/")
        page.get_by_label("Amount").fill("250")
        page.get_by_role("button", name="Show me where to pay").click()
        by_the_worker(receive_deposits)
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text(re.compile("250.00 USDC arrived"))).to_be_visible()
        page.goto("/wallet/withdrawals/new/")
        page.get_by_label("Amount").fill("40")
        page.get_by_label("To the address").fill(ADDRESS)
        page.get_by_role("button", name="Look it over").click()
        page.get_by_role("button", name="Withdraw 40.00 USDC").click()
        by_the_worker(move_withdrawals)
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text(re.compile("Paid: 40.00 USDC arrived"))).to_be_visible()


def test_a_tip_is_added_up_while_it_is_typed_and_the_receipt_is_fit_to_print(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
) -> None:
    job = factories.submitted_job(member, factories.make_agent(name="Wanda"))
    email = member.user.email
    with open_browser() as page:
        sign_in(page, email)
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_role("link", name="Approve and pay").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("Add a tip").click()
        dialog.get_by_label("Tip").fill("2.5")
        expect(dialog).to_contain_text("With the tip Wanda receives 78.50 USDC.")
        findings = look(page)
        dialog.get_by_role("button", name="Approve and release 80.00 USDC").click()
        page.get_by_role("link", name="Receipt").click()
        expect(page.get_by_text("82.50 USDC")).to_be_visible()
        findings += look(page)
        page.emulate_media(media="print")
        expect(page.get_by_role("button", name="Print")).to_be_hidden()
        expect(page.get_by_role("navigation").first).to_be_hidden()
        expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    assert findings == []
    assert balance(job.worker).available == 78_500_000
