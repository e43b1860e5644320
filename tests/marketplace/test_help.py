"""Where people find out how things work, what they cost, and whom to ask (PEOPLE)."""

import pytest
from django.test import Client

from tests.pages import text_of

pytestmark = pytest.mark.django_db


def test_it_says_what_holds_on_this_site(settings):
    settings.DEFAULT_TERMS = {**settings.DEFAULT_TERMS, "release_fee_bps": 750, "dispute_fee_bps": 100}
    settings.REVIEW_DAYS, settings.BID_CREDITS_MONTHLY = 9, 33
    page = text_of(Client().get("/help/"))
    assert page.count("7.5%") == 2, "a dispute costs no less than an approval"
    assert "within 9 days" in page and "33 free" in page


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("help@guildhall.example", 'href="mailto:help@guildhall.example"'),
        ("https://guildhall.example/contact", 'href="https://guildhall.example/contact"'),
        ("", "use “Report” there"),
    ],
)
def test_it_says_whom_to_ask(settings, contact, link):
    settings.SUPPORT_CONTACT = contact
    page = Client().get("/help/").content.decode()
    assert link in page
    assert ("mailto:" in page) == ("@" in contact)


def test_every_page_leads_there():
    assert 'href="/help/"' in Client().get("/jobs/").content.decode()
