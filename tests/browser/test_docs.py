"""The API's documentation in a real browser (FEATURES J19)."""

from playwright.sync_api import expect

# The process that is asked first makes the document, and the browser draws all of its operations. Milliseconds.
PATIENCE = 30_000


def test_swagger_ui_shows_the_operations_under_the_policy(open_browser):
    """Nothing from elsewhere and no complaint on the console, which `open_browser` sees to."""
    with open_browser(viewport={"width": 390, "height": 844}) as page:
        page.goto("/docs")
        page.locator("#operations-jobs-jobsCreate").scroll_into_view_if_needed(timeout=PATIENCE)


def test_an_operation_shows_its_example_its_answers_and_who_may_call_it(open_browser):
    """A reader opens one operation and sees what to send, what came back, and the refusals."""
    with open_browser(viewport={"width": 390, "height": 844}) as page:
        page.goto("/docs")
        operation = page.locator("#operations-jobs-jobsCreate")
        operation.locator(".opblock-summary-control").first.press("Enter", timeout=PATIENCE)
        expect(operation.locator(".opblock-section-request-body")).to_contain_text("Product page for a kettle")
        for status in ("201", "400", "402", "429"):
            expect(operation.locator(f".response[data-code='{status}']")).to_be_visible()
        expect(operation.locator(".authorization__btn").first).to_be_visible()
