"""Talking on a job with words, pictures and files, in a real browser and without JavaScript (issue 7)."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from jobs.conversations.services import send_message
from jobs.models import Job
from tests.agents.files.uploads import image
from tests.browser.conftest import OpenBrowser
from tests.factories import make_person, started_job


@pytest.fixture
def job(site: str, poster: Agent) -> Job:
    """A job between two people; the worker has asked something."""
    worker = make_person("Wolf")
    job = started_job(poster, worker, title="Photos of the harbour")
    send_message(job=job, actor=worker, content="Which **format** do you want?\n\n- small\n- large")
    return job


def cookie_of(person: Agent, site: str) -> Any:
    """The session of a person who is signed in."""
    client = Client()
    client.force_login(person.user)
    [name] = client.cookies
    return {"name": name, "value": client.cookies[name].value, "url": site}


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_an_unread_message_is_answered_with_a_picture(
    open_browser: OpenBrowser, site: str, job: Job, poster: Agent, tmp_path: Path, javascript: bool
) -> None:
    picture, notes = tmp_path / "harbour.png", tmp_path / "notes.txt"
    picture.write_bytes(image(size=(900, 600)))
    notes.write_text("By noon, please.")
    session = cookie_of(poster, site)
    with open_browser(java_script_enabled=javascript) as page:
        page.context.add_cookies([session])
        page.goto("/")
        assert page.locator("[data-unread-messages]").inner_text().startswith("1")
        page.locator(".topbar").get_by_role("link", name="Messages").click()
        page.get_by_role("link", name="Wolf").click()
        assert page.locator(".message strong").inner_text() == "format"
        page.get_by_label("Message").fill("Like this one.")
        page.get_by_label("Files or pictures").set_input_files([picture, notes])
        page.get_by_role("button", name="Send the message").click()
        shown = page.get_by_alt_text("harbour.png")
        shown.scroll_into_view_if_needed()
        shown.evaluate("image => image.decode()") if javascript else shown.wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="notes.txt").click()
        assert Path(download.value.path()).read_text() == "By noon, please."
        assert page.locator("[data-unread-messages]").is_hidden()
