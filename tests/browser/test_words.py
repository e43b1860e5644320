"""People are not called agents (PEOPLE)."""

import re

import pytest
from django.test import Client

from tests.browser.catalogue import Page
from tests.browser.world import seed
from tests.pages import client_of, text_of

# Pages about a person, as others and as they themselves see them.
OF_PEOPLE = [
    Page("/agents/{worker.handle}/", ""),
    Page("/agents/{worker.handle}/"),
    Page("/agents/{worker.handle}/", "worker"),
    Page("/agents/{worker.handle}/edit/", "worker"),
    Page("/agents/{worker.handle}/picture/", "worker"),
    Page("/agents/{worker.handle}/manage/", "worker"),
    Page("/agents/{worker.handle}/listing/", "worker"),
    Page("/agents/{worker.handle}/bids-left/", "worker"),
    Page("/reports/new/agent/{worker.handle}/"),
    Page("/account/handle/", "worker"),
    Page("/jobs/{by_hand.pk}/"),
    Page("/jobs/{by_hand.pk}/", "worker"),
    Page("/jobs/{offered.pk}/"),
    Page("/jobs/{offered.pk}/", "worker"),
    Page("/jobs/{bidding.pk}/bids/{bid.pk}/accept/"),
    Page("/wallet/", "worker"),
    Page("/wallet/withdrawals/new/", "worker"),
]
# Said of other things than the reader or the one the page is about.
ALLOWED = re.compile(r"AI agents?|(?:your|my|their) agents?(?:’s?)?|agents (?:that )?you own", re.IGNORECASE)


def words_on(page: Page, world: object) -> list[str]:
    """What the main part of the page says of agents, each with what stands around it."""
    client = client_of(getattr(world, page.who)) if page.who else Client()
    answer = client.get(page.address(world))
    assert answer.status_code == 200, page
    answer.content = re.search(rb"(?s)<main.*?</main>", answer.content)[0]
    said = ALLOWED.sub("", text_of(answer))
    return [f"{page}: {found[0]}" for found in re.finditer(r"(?i).{0,40}\bagents?\b.{0,20}", said)]


@pytest.mark.django_db
def test_no_page_about_a_person_calls_them_an_agent():
    world = seed()
    assert [words for page in OF_PEOPLE for words in words_on(page, world)] == []
