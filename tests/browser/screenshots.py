"""`make screenshots`: every page of the catalogue, in two widths and both themes, as pictures for people to look at.

They go to screenshots/, which git ignores. Not collected with the tests: nothing here can fail but a page.
"""

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from rich.progress import track

from tests.browser.catalogue import EVERYBODY, PAGES
from tests.browser.conftest import OpenBrowser
from tests.browser.viewers import look_as, sessions_of
from tests.browser.world import seed

FOLDER = Path(settings.BASE_DIR) / "screenshots"
WIDTHS = {"telephone": 390, "desk": 1280}
# `make screenshots ARGS="wallet"` takes those whose name has it.
WANTED = os.environ.get("GUILDHALL_SCREENSHOTS", "")


@pytest.mark.django_db(transaction=True)
def test_take_screenshots(open_browser: OpenBrowser, site: str) -> None:
    world = seed()
    # A browser complains on the console of whatever was not found.
    wanted = [page for page in PAGES if WANTED in str(page) and page.status == 200]
    sessions = sessions_of(world, EVERYBODY)
    shutil.rmtree(FOLDER, ignore_errors=True)
    addresses = {page: page.address(world) for page in wanted}
    with open_browser(reduced_motion="reduce") as browser:
        for page in track(sorted(wanted, key=lambda page: EVERYBODY.index(page.who)), "Looking"):
            look_as(browser, site, sessions.get(page.who))
            browser.goto(addresses[page])
            for device, width in WIDTHS.items():
                browser.set_viewport_size({"width": width, "height": 844})
                for theme in ("light", "dark"):
                    browser.emulate_media(color_scheme=theme)
                    browser.screenshot(path=FOLDER / device / theme / f"{page}.png", full_page=True)
