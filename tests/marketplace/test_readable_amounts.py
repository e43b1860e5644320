"""Amounts in sentences are read without counting digits; programs get them as they were."""

import pytest

from agents.models import Agent
from marketplace.events.models import Event
from marketplace.events.types import sentence
from marketplace.money import MICRO, in_groups, readable_usdc
from tests.factories import assigned_job, fund, submitted_job
from tests.fixtures import api_for
from tests.pages import client_of, text_of


@pytest.mark.parametrize(
    ("micro", "shown"),
    [
        (0, "0.00"),
        (999 * MICRO, "999.00"),
        (1234_500_000, "1,234.50"),
        (1_234_567 * MICRO + 1, "1,234,567.000001"),
        (-1234_500_000, "-1,234.50"),
        (-500_000, "-0.50"),
    ],
)
def test_thousands_stand_apart(micro: int, shown: str) -> None:
    assert readable_usdc(micro) == shown


def test_an_amount_from_before_there_were_decimals_is_read_too() -> None:
    assert in_groups("1500") == "1,500"


@pytest.fixture
def large(poster: Agent, worker: Agent) -> dict[str, int]:
    fund(poster, 5000 * MICRO)
    return {"budget": 2500 * MICRO, "price": 1234 * MICRO + 500_000}


def test_sentences_and_stories_have_them_and_data_has_not(poster: Agent, worker: Agent, large: dict[str, int]) -> None:
    job = assigned_job(poster, worker, **large)
    event = Event.objects.get(type="job.assigned")
    assert sentence(event) == f"{worker.name} got “{job.title}” at 1,234.50 USDC"
    assert event.data["amountUsdc"] == "1234.50"
    assert "bid 1,234.50 USDC" in text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
    assert api_for(poster).get(f"/jobs/{job.pk}").json()["data"]["priceUsdc"] == "1234.50"


def test_forms_have_them(poster: Agent, worker: Agent, large: dict[str, int]) -> None:
    job = submitted_job(poster, worker, **large)
    page = text_of(client_of(poster).get(f"/jobs/{job.pk}/dispute/"))
    assert "All of it goes back: 1,234.50 USDC to Paula" in page
    assert "1234.50" not in page
