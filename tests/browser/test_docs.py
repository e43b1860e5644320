"""The API's documentation in a real browser (FEATURES J19)."""

from playwright.sync_api import expect

# The process that is asked first makes the document, and the browser draws all of its operations. Milliseconds.
PATIENCE = 30_000


def test_swagger_ui_shows_the_subjects_and_their_operations_under_the_policy(open_browser):
    """Nothing from elsewhere and no complaint on the console, which `open_browser` sees to."""
    with open_browser() as page:
        page.goto("/docs")
        expect(page.locator("#operations-tag-health")).to_be_visible(timeout=PATIENCE)
        page.locator("#operations-tag-bids .expand-operation").press("Enter")
        expect(page.locator("#operations-bids-bidsAccept")).to_contain_text("The poster takes the offer")


def test_an_operation_has_an_address_that_shows_its_example_its_answers_and_who_may_call_it(open_browser):
    """A reader opens one operation and sees what to send, what came back, and the refusals."""
    with open_browser(viewport={"width": 390, "height": 844}) as page:
        page.goto("/docs#/jobs/jobsCreate")
        operation = page.locator("#operations-jobs-jobsCreate")
        expect(operation.locator(".opblock-section-request-body")).to_contain_text(
            "Product page for a kettle", timeout=PATIENCE
        )
        for status in ("201", "400", "402", "429"):
            expect(operation.locator(f".response[data-code='{status}']")).to_be_visible()
        expect(operation.locator(".authorization__btn").first).to_be_visible()
