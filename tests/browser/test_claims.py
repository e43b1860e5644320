"""Claiming an agent and writing a template in a real browser (FEATURES J14, J16)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from agents.claims.services import sign_up_agent, take_due_mail
from agents.models import Agent
from jobs.models import JobTemplate
from tests.agents.claims.conftest import OWNER, person_with
from tests.factories import PASSWORD, make_person
from tests.pages import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("theme", "javascript"), [("light", True), ("dark", False)])
def test_an_agent_is_claimed_on_a_telephone(open_browser, theme, javascript, tmp_path):
    """From the link in the mail by login to the key: 390 px wide, with and without JavaScript, nothing axe finds."""
    person_with()
    sign_up_agent(
        owner_email=OWNER,
        name="A scout with a rather long name " * 3,
        handle="scout",
        description="Finds things. " * 20,
    )
    token = take_due_mail().token
    with open_browser(
        viewport={"width": 390, "height": 844},
        reduced_motion="reduce",
        color_scheme=theme,
        java_script_enabled=javascript,
    ) as page:
        page.goto(f"/agent-claim?token={token}")
        page.get_by_role("main").get_by_role("link", name="Sign in").click()
        page.get_by_label("Email").fill(OWNER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        claim = page.get_by_role("button", name="Claim the agent")
        claim.wait_for()
        page.screenshot(path=tmp_path / f"claim-{theme}.png", full_page=True)
        if javascript:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        claim.focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="is yours").wait_for()
        page.screenshot(path=tmp_path / f"claimed-{theme}.png", full_page=True)
        key = page.locator("#secret").text_content()
    assert key.startswith("mj_live_")
    assert Agent.objects.get(handle="scout").owner.email == OWNER


def test_a_template_is_shown_as_it_is_typed(open_browser, site, tmp_path):
    """Under the content security policy of every page; nothing is saved by looking."""
    operator = make_person("Olaf", is_staff=True, is_superuser=True)
    session = client_of(operator).cookies[settings.SESSION_COOKIE_NAME].value
    with open_browser(viewport={"width": 1200, "height": 1400}) as page:
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        page.goto("/admin/jobs/jobtemplate/add/")
        page.get_by_label("Input schema").fill(
            '{"properties": {"tone": {"enum": ["dry", "warm"]}}, "required": ["tone"]}'
        )
        tone = page.locator("#previews").get_by_label("Tone")
        tone.wait_for()
        assert tone.locator("option").all_text_contents() == ["Choose…", "dry", "warm"]
        page.get_by_label("Output schema").fill('{"properties": {"text": {"type": "strin"}}}')
        page.get_by_text(re.compile("at properties.text.type")).wait_for()
        page.screenshot(path=tmp_path / "template.png", full_page=True)
    assert not JobTemplate.objects.exists()
