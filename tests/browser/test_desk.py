"""The operators' desk in a real browser (FEATURES P2, S15): from the queue to the paid result, and no further than a
role goes."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from agents.models import Agent
from disputes.appeals.services import make_appeal
from disputes.models import Dispute
from disputes.services import resolve_dispute
from jobs.lifecycle import Status
from marketplace.desk.models import Act
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.marketplace.desk.people import NOTE, make_operator
from tests.pages import client_of
from wallets.queries import balance

TERMS = {"release_fee_bps": 100, "dispute_fee_bps": 100}
pytestmark = pytest.mark.django_db(transaction=True)


def cookies_of(operator: Agent, site: str) -> list[dict[str, str]]:
    """The session of an operator who has signed in."""
    jar = client_of(operator).cookies
    return [{"name": name, "value": morsel.value, "url": site} for name, morsel in jar.items()]


def test_an_operator_resolves_a_dispute_from_the_queue_to_the_paid_result(
    open_browser: OpenBrowser, site: str, poster: Agent, worker: Agent
) -> None:
    dispute: Dispute = factories.disputed_job(poster, worker, terms=TERMS).disputes.get()
    cookies = cookies_of(make_operator("arbiter"), site)

    with open_browser(viewport={"width": 1280, "height": 900}, java_script_enabled=False) as page:
        page.context.add_cookies(cookies)
        page.goto("/admin/")
        page.get_by_role("link", name="Disputes that nobody holds").click()
        page.get_by_role("link", name=dispute.job.title).click()
        page.get_by_role("button", name="Assign to me").click()
        page.get_by_text("You hold this case.").wait_for()
        page.get_by_label("It is split").check()
        page.get_by_label("What it rests on").select_option("DELIVERED_IN_PART")
        page.get_by_label("Or to the poster, per cent").fill("25")
        page.get_by_label("Why, for both sides").fill(NOTE)
        page.get_by_role("button", name="Show what it does").click()
        page.get_by_role("row", name="escrow −80.00 0.00").wait_for()
        page.get_by_role("row", name=f"{worker.handle} +59.40 59.40").wait_for()
        page.get_by_role("button", name="Change it").click()
        assert page.get_by_label("Why, for both sides").input_value() == NOTE
        page.get_by_role("button", name="Show what it does").click()
        page.get_by_role("button", name="Rule so").click()
        page.get_by_text("Ruled: the money is divided.").wait_for()

    dispute.refresh_from_db()
    assert (dispute.job.status, dispute.job.payout, dispute.to_poster) == (Status.COMPLETED, 59_400_000, 20_000_000)
    assert balance(worker).available == 59_400_000
    assert list(Act.objects.order_by("pk").values_list("verb", flat=True)) == ["hold", "rule"]


def test_support_reads_the_case_and_has_no_way_to_rule(
    open_browser: OpenBrowser, site: str, poster: Agent, worker: Agent
) -> None:
    dispute: Dispute = factories.disputed_job(poster, worker).disputes.get()
    cookies = cookies_of(make_operator("support"), site)

    with open_browser() as page:
        page.context.add_cookies(cookies)
        page.goto("/admin/disputes/dispute/")
        page.get_by_role("link", name=dispute.job.title).click()
        page.get_by_text("Your role reads disputes and does not decide them.").wait_for()
        for name in ("Assign to me", "Show what it does", "Note it", "Take the next case"):
            assert page.get_by_role("button", name=name).count() == 0
        token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
        typed = {
            "outcome": "PAY",
            "ground": "OTHER",
            "note": NOTE,
            "confirmed": "1",
            "csrfmiddlewaretoken": token or "",
        }
        address = f"/admin/disputes/dispute/{dispute.pk}/rule/"
        assert (
            page.request.post(
                address, form={**typed, "csrfmiddlewaretoken": token or ""}, headers={"Referer": page.url}
            ).status
            == 403
        )

    dispute.refresh_from_db()
    assert dispute.is_open


def test_an_operator_keeps_the_site_for_reading_and_opens_it_again(
    open_browser: OpenBrowser, site: str, poster: Agent
) -> None:
    """Everybody reads why on every page, and nothing that is sent goes through until it is lifted."""
    job = factories.open_job(poster)
    operators, posters = cookies_of(make_operator("treasurer"), site), cookies_of(poster, site)

    with open_browser(java_script_enabled=False) as page:
        desk = page.context.browser.new_page(base_url=site, java_script_enabled=False)
        desk.context.add_cookies(operators)
        page.context.add_cookies(posters)
        page.goto(f"/jobs/{job.pk}/cancel/")
        desk.goto("/admin/halts/halt/add/")
        desk.get_by_label("Activity").select_option("EVERYTHING")
        desk.get_by_label("Reason").fill("We move to a larger house.")
        desk.get_by_role("button", name="Save", exact=True).click()
        desk.get_by_text("was added successfully").wait_for()

        token = page.locator("form[action$='/cancel/'] input[name=csrfmiddlewaretoken]").get_attribute("value")
        sent = {"form": {"csrfmiddlewaretoken": token or ""}, "headers": {"Referer": page.url}}
        refused = page.request.post(f"/jobs/{job.pk}/cancel/", **sent)
        assert (refused.status, "We move to a larger house." in refused.text()) == (503, True)
        page.goto("/jobs/")
        page.get_by_text("We move to a larger house.").wait_for()

        desk.get_by_role("checkbox").nth(1).check()
        desk.locator("select[name=action]").select_option("lift_chosen")
        desk.get_by_role("button", name="Go").click()
        desk.get_by_text("Lifted: 1.").wait_for()
        page.goto(f"/jobs/{job.pk}/cancel/")
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_url(f"**/jobs/{job.pk}/")
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_desk(
    open_browser: OpenBrowser, site: str, poster: Agent, worker: Agent, width: int, scheme: str
) -> None:
    dispute: Dispute = factories.disputed_job(poster, worker).disputes.get()
    ruled: Dispute = factories.disputed_job(poster, worker).disputes.get()
    ruled = resolve_dispute(dispute=ruled, actor=make_operator(), to_poster=factories.PRICE // 2, note=NOTE)
    appeal = make_appeal(dispute=ruled, actor=worker, reason="The second half was there.")
    cookies = cookies_of(make_operator(), site)
    desk = ["/admin/", "/admin/disputes/dispute/", f"/admin/disputes/dispute/{dispute.pk}/change/"]

    with open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        page.context.add_cookies(cookies)
        for address in (*desk, f"/admin/appeals/appeal/{appeal.pk}/change/", "/admin/halts/halt/add/"):
            page.goto(address)
            found = Axe().run(page, context="#content", options={"preload": False})
            bad = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
            assert [(one["id"], one["nodes"][0]["html"][:150]) for one in bad] == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= width
