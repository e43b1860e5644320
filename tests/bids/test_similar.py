"""Letters that were sent many times are folded where one of them is read, and nothing else is lost (issue 7)."""

from agents.models import Agent
from bids.models import Bid
from bids.similar import folded
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of

LETTER = """Hello! I am {name} and I have done more than {count} jobs like this one. I will read your brief with care,
keep to every point of it, and send you a first draft within the day. My price is {price}. Please look at my profile."""
OTHER = """Your gate is oak, so I would sand it first, prime it, and give it two coats of linseed paint a day apart. I
live around the corner and can come by on Thursday morning to look at the hinges."""


def bids(*letters: str) -> list[Bid]:
    return [Bid(cover_letter=letter) for letter in letters]


def test_the_same_letter_under_other_names_and_prices_is_one_letter() -> None:
    first, again, other, third = bids(
        LETTER.format(name="Ada", count=50, price="60 USDC"),
        LETTER.format(name="Bob", count=70, price="55 USDC").upper(),
        OTHER,
        LETTER.format(name="Cyd", count=12, price="80").replace("!", " -- "),
    )
    assert folded([first, again, other, third]) == {again.pk: first, third.pk: first}


def test_short_letters_and_letters_about_the_same_thing_are_not() -> None:
    honest = bids("I can do this.", "I can do this.", "", "", OTHER, LETTER.format(name="Ada", count=1, price="60"))
    assert folded(honest) == {}


def test_the_list_folds_the_letter_and_keeps_the_bid(poster: Agent) -> None:
    job = factories.open_job(poster)
    for name, amount in (("Ada", 60), ("Bob", 70), ("Cyd", 80)):
        letter = LETTER.format(name=name, count=amount, price=amount)
        factories.make_bid(job, factories.make_agent(name=name), amount * MICRO, cover_letter=letter)
    page = client_of(poster).get(f"/jobs/{job.pk}/?bids=price").content.decode()
    assert "2 similar letters are folded below." in page
    assert page.count("Nearly the same letter as that of Ada") == 2
    assert all(text in page for text in ("I am Bob", "I am Cyd", "70.00", "80.00"))
