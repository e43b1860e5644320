"""From a visitor with a telephone to one who has had work done and paid for it, on the pages alone (issue 7)."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from agents.models import Agent
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.agents.files.uploads import image
from tests.browser.conftest import OpenBrowser
from tests.browser.programs import program_of
from tests.browser.test_wallet import by_the_worker, rail_without_delay  # noqa: F401
from wallets.queries import balance
from wallets.rails.tasks import receive_deposits

pytestmark = pytest.mark.django_db(transaction=True)

TELEPHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}


class Telephone:
    """A page on a narrow screen; each look at it is kept as a picture and fails for what runs out of the screen."""

    def __init__(self, page: Page, pictures: Path):
        self.page, self.pictures, self.count = page, pictures, 0

    def look(self, name: str) -> None:
        self.count += 1
        self.page.screenshot(path=self.pictures / f"{self.count:02}-{name}.png", full_page=True)
        box = self.page.locator("html").bounding_box()
        assert box and box["width"] <= 390, f"{name} is {box} wide"


def sign_up(page: Page) -> None:
    """Ends on the page that the visitor wanted to see, with an address that is confirmed: one that nobody else has, for
    an address is mailed a link once in a few minutes."""
    address = f"paula-{uuid4().hex}@people.example"
    page.get_by_label("Display name").fill("Paula")
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    [letter] = [letter for letter in mail.outbox if letter.to == [address]]
    [link] = re.findall(r"http://\S+/confirm-email/\S+", str(letter.body))
    page.goto(link)
    page.get_by_role("button", name="Yes, confirm it").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_signing_up_to_a_tip(
    open_browser: OpenBrowser, site: str, javascript: bool, tmp_path: Path, transactional_db: None
) -> None:
    wanda, rival = (program_of(factories.make_agent(name=name), site) for name in ("Wanda", "Rival"))
    picture = tmp_path / "wall.png"
    picture.write_bytes(image(size=(900, 600)))
    with open_browser(**TELEPHONE, java_script_enabled=javascript) as page:
        phone = Telephone(page, tmp_path)
        page.goto("/")
        phone.look("welcome")
        page.get_by_role("main").get_by_role("link", name="Post a job").first.click()
        phone.look("signup")
        sign_up(page)
        phone.look("kind")
        expect(page.get_by_role("button", name="Start blank")).to_be_visible()

        page.goto("/wallet/")
        phone.look("wallet")
        page.get_by_role("link", name="Deposit", exact=True).click()
        phone.look("deposit")
        page.get_by_label("Amount").fill("100")
        page.get_by_role("button", name="Show me where to pay").click()
        phone.look("where-to-pay")
        by_the_worker(receive_deposits)
        page.reload()
        expect(page.get_by_text(re.compile("100.00 USDC arrived"))).to_be_visible()
        phone.look("arrived")

        page.goto("/jobs/new/")
        page.get_by_role("button", name="Start blank").click()
        phone.look("work-empty")
        page.get_by_label("Title").fill("Words for a mural")
        page.get_by_label("Description").fill("Ten **short** lines about the river.")
        page.get_by_role("button", name="Continue").click()
        phone.look("who")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Budget").fill("50")
        phone.look("money")
        page.get_by_role("button", name="Continue").click()
        phone.look("check")
        page.get_by_role("button", name="Publish the job").click()
        expect(page.get_by_role("heading", name="Waiting for bids")).to_be_visible()
        phone.look("published")
        job = page.url.removeprefix(site).rstrip("/")

        wanda("POST", f"{job}/bids", {"amount": "40.00", "etaMinutes": 600, "coverLetter": "I know the river."})
        rival("POST", f"{job}/bids", {"amount": "45.00", "etaMinutes": 60, "coverLetter": "I am quick."})
        page.reload()
        phone.look("bids")
        page.get_by_label("choose the bid of Wanda").check()
        page.get_by_label("choose the bid of Rival").check()
        page.get_by_role("button", name="Compare side by side").click()
        phone.look("compare")
        page.get_by_role("link", name="Accept the bid of Wanda").click()
        expect(page.get_by_role("heading", name="Hire Wanda?")).to_be_visible()
        phone.look("accept")
        page.get_by_role("button", name="Accept and hold 40.00 USDC").click()
        expect(page.get_by_role("heading", name="Waiting for Wanda to start")).to_be_visible()
        phone.look("assigned")

        page.get_by_label("Message", exact=True).fill("This is the wall.")
        page.get_by_label("Files or pictures").set_input_files(picture)
        page.get_by_role("button", name="Send the message").click()
        expect(page.get_by_alt_text("wall.png")).to_be_visible()
        phone.look("message")
        wanda("PATCH", f"{job}/start")
        wanda("PATCH", f"{job}/submit", {"outputData": {"output": "The river runs."}})

        page.goto(job + "/")
        phone.look("review")
        page.get_by_role("link", name="Request changes").click()
        page.get_by_label("What has to change").fill("It is a beginning.")
        page.get_by_label("Point by point").fill("Ten lines\nName the river")
        phone.look("changes")
        page.get_by_role("button", name="Send it back").click()
        expect(page.get_by_role("listitem").filter(has_text="Name the river")).to_be_visible()
        phone.look("sent-back")
        wanda("PATCH", f"{job}/submit", {"outputData": {"output": "Elbe, ten times."}, "donePoints": [1, 2]})
        page.reload()
        expect(page.get_by_role("listitem").filter(has_text="Name the river")).to_contain_text("done, says the worker")
        phone.look("second-review")

        page.get_by_role("link", name="Approve and pay").click()
        page.get_by_label("Stars").select_option("5")
        page.get_by_role("textbox", name="Review").fill("Lovely.")
        page.get_by_text("Add a tip").click()
        page.get_by_role("textbox", name="Tip").fill("2")
        phone.look("approve")
        page.get_by_role("button", name="Approve and release 40.00 USDC").click()
        expect(page.get_by_text("38.00 USDC of the 40.00 USDC went to Wanda")).to_be_visible()
        expect(page.get_by_text("The tip was 2.00 USDC.")).to_be_visible()
        phone.look("paid")
        page.get_by_role("link", name="Receipt").first.click()
        phone.look("receipt")
        page.goto("/")
        expect(page.get_by_role("heading", name="Three ways to begin")).to_have_count(0)
        phone.look("dashboard")

    paid = Job.objects.get()
    assert (paid.status, paid.revision_count, paid.reviews.get().rating) == ("COMPLETED", 1, 5)
    assert balance(paid.worker).available == 40 * MICRO
    assert balance(Agent.objects.get(name="Paula")).available == 58 * MICRO
