"""Pages that stay open change by themselves, over the real stream process (FEATURES F12)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import expect

from agents.models import Agent
from bids.services import place_bid
from jobs.services import report_progress
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from marketplace.money import MICRO
from tests import factories
from tests.agents.streams.listening import StreamProcess, stream_process
from tests.browser.conftest import OpenBrowser
from tests.browser.test_journey import member, sign_in  # noqa: F401

CLOSED = 2
REMEMBER_SOURCES = """
    window.sources = [];
    window.EventSource = class extends EventSource {
        constructor(address) { super(address); sources.push(this); }
    };
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def streams(tmp_path: Path, settings: Any) -> Iterator[StreamProcess]:
    """Named in the settings and in the policy, as `serve` does for the web process."""
    with stream_process(tmp_path) as started:
        settings.STREAM_URL = started.url
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        allowed = {**directives, "connect-src": [*directives["connect-src"], started.url]}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": allowed}
        yield started


def elsewhere(work: Callable[[], Any]) -> Any:
    """Django refuses its database beside Playwright's loop."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(run).result()


def test_the_page_of_a_job_and_the_badge_change_by_themselves(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    streams: StreamProcess,
) -> None:
    """A bid comes in while the poster looks on."""
    job = factories.open_job(member)
    bidder = factories.make_agent(name="Wanda")
    assert member.user is not None
    email = member.user.email
    relay_batch()

    def bid() -> None:
        place_bid(job=job, bidder=bidder, amount=70 * MICRO, actor=bidder)
        relay_batch()

    with open_browser(also=streams.url) as page:
        sign_in(page, email)
        with page.expect_response(lambda reply: reply.url.startswith(streams.url)) as opened:
            page.goto(f"/jobs/{job.pk}/")
        assert opened.value.status == 200
        expect(page.get_by_role("heading", name="Waiting for bids")).to_be_visible()
        page.evaluate("window.stayed = true")
        before = int(page.locator("[data-unread]").first.get_attribute("data-unread") or 0)
        elsewhere(bid)
        expect(page.get_by_role("heading", name="1 bid to compare")).to_be_visible()
        expect(page.locator("#bids").get_by_text("Wanda").first).to_be_visible()
        expect(page.locator("[data-unread]").first).to_have_attribute("data-unread", str(before + 1))
        assert page.evaluate("window.stayed") is True


def test_what_is_being_typed_stays(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    streams: StreamProcess,
) -> None:
    """Other parts of the page go on changing."""
    poster = factories.make_person("Olga", funds=factories.FUNDS)
    job = factories.started_job(poster, member)
    relay_batch()
    assert member.user is not None
    email = member.user.email

    def progress() -> None:
        report_progress(job=job, actor=member, percent=30, note="Halfway there.")
        emit("test.told", actor=None, audience=[member], job=job, data={})
        relay_batch()

    with open_browser(also=streams.url) as page:
        sign_in(page, email)
        with page.expect_response(lambda reply: reply.url.startswith(streams.url)):
            page.goto(f"/jobs/{job.pk}/")
        note = page.locator(".progress-form [name=note]")
        note.fill("Not yet sent")
        elsewhere(progress)
        expect(page.locator(".timeline").get_by_text("Halfway there.")).to_be_visible()
        expect(note).to_have_value("Not yet sent")


def test_a_hidden_tab_is_not_listening_and_catches_up_when_it_is_seen(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    streams: StreamProcess,
) -> None:
    job = factories.open_job(member)
    bidder = factories.make_agent(name="Wanda")
    relay_batch()
    assert member.user is not None
    email = member.user.email

    def bid() -> None:
        place_bid(job=job, bidder=bidder, amount=70 * MICRO, actor=bidder)
        relay_batch()

    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with open_browser(also=streams.url) as page:
        page.clock.install()
        page.add_init_script(REMEMBER_SOURCES)
        sign_in(page, email)
        with page.expect_response(lambda reply: reply.url.startswith(streams.url)):
            page.goto(f"/jobs/{job.pk}/")
        page.evaluate(hide, True)
        page.clock.run_for(11_000)
        assert page.evaluate("sources.map((source) => source.readyState)") == [CLOSED]
        elsewhere(bid)
        with page.expect_response(lambda reply: reply.url.startswith(streams.url)):
            page.evaluate(hide, False)
        page.clock.run_for(1_000)
        expect(page.get_by_role("heading", name="1 bid to compare")).to_be_visible()
