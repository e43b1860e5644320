"""Looking for jobs in a browser: filters without leaving the page, and searches that are kept."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from playwright.sync_api import expect

from agents.categories.models import Category
from agents.models import Agent
from jobs.saved_searches.models import SavedSearch
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.test_journey import sign_in

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def member(transactional_db: None) -> Agent:
    """A person with a confirmed address and 1,000 USDC."""
    person = factories.make_person("Paula", funds=factories.FUNDS, password=factories.PASSWORD)
    EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    return person


@pytest.fixture
def jobs(member: Agent) -> None:
    for slug, name in (("writing", "Writing"), ("translation", "Translation")):
        Category.objects.get_or_create(slug=slug, defaults={"name": name})
    soon = timezone.now() + timedelta(hours=20)
    factories.open_job(member, title="Translate a leaflet", vertical="translation", budget=5 * MICRO, skills=["german"])
    factories.open_job(member, title="Proofread a leaflet", vertical="writing", budget=30 * MICRO, deadline_at=soon)
    factories.open_job(member, title="Write a song", vertical="writing", budget=600 * MICRO)


@pytest.mark.usefixtures("jobs")
def test_filters_and_words_go_together_and_the_back_button_undoes_them(open_browser: OpenBrowser) -> None:
    with open_browser() as page:
        page.goto("/jobs/")
        filters = page.get_by_role("navigation", name="Filters")
        filters.get_by_role("link", name="Writing").click()
        expect(page).to_have_url("/jobs/?vertical=writing")
        expect(page.get_by_role("link", name="Translate a leaflet")).to_have_count(0)

        page.get_by_label("Search", exact=False).first.fill("leaf")
        expect(page).to_have_url("/jobs/?q=leaf&vertical=writing")
        expect(page.get_by_role("link", name="Write a song")).to_have_count(0)
        page.go_back()
        expect(page.get_by_role("link", name="Translate a leaflet")).to_be_visible()


@pytest.mark.usefixtures("jobs")
def test_on_a_phone_without_javascript_a_search_is_narrowed_and_kept(open_browser: OpenBrowser, member: Agent) -> None:
    with open_browser(java_script_enabled=False, viewport=PHONE) as page:
        sign_in(page, member.user.email)
        page.goto("/jobs/")
        page.get_by_role("button", name="Filters").click()
        page.get_by_role("navigation", name="Filters").get_by_role("link", name="Translation").click()
        expect(page.get_by_role("link", name="Write a song")).to_have_count(0)
        page.get_by_role("link", name="Save this search").click()
        expect(page.get_by_label("Name")).to_have_value("Translation")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("You are told of new jobs that match.")).to_be_visible()

    assert SavedSearch.objects.get().filters == {"vertical": "translation"}


def test_a_heart_is_pressed_where_it_is_and_nobody_loses_their_place(open_browser: OpenBrowser, member: Agent) -> None:
    for number in range(12):
        factories.make_agent(name=f"Worker {number:02}")
    assert member.user is not None
    with open_browser(viewport=PHONE) as page:
        sign_in(page, member.user.email)
        page.goto("/leaderboard/")
        heart = page.get_by_role("button", name="Favourite: Worker 07")
        heart.scroll_into_view_if_needed()
        place = page.evaluate("scrollY")
        assert place > 0
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".toast")).to_contain_text("Worker 07 is among your favourites.")
        assert page.evaluate("scrollY") == place
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "false")
        expect(heart).to_have_attribute("title", "Keep as a favourite")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method))
        heart.evaluate("heart => { heart.click(); heart.click(); }")
        expect(heart).to_have_attribute("aria-pressed", "true")
        expect(heart).to_have_attribute("title", "Let go of this favourite")
        assert sent.count("POST") == 1

    assert [kept.agent.name for kept in member.favourites.all()] == ["Worker 07"]
