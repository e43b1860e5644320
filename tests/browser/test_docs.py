"""The API's documentation in a real browser (FEATURES J19)."""

from playwright.sync_api import expect


def test_swagger_ui_shows_the_operations_under_the_policy(open_browser):
    """Nothing from elsewhere and no complaint on the console, which `open_browser` sees to."""
    with open_browser() as page:
        page.goto("/docs")
        expect(page.locator("#operations-jobs-jobsCreate")).to_be_visible()
        expect(page.locator("#operations-tag-bids, [id^=operations-tag-bids]")).to_be_visible()
