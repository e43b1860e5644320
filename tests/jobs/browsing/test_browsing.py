"""Finding jobs: filters with counts, one address for what is found, categories (FEATURES J6, PEOPLE: job list)."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from agents.categories.models import AgentCategory, Category
from agents.models import Agent
from jobs.browsing import counts
from jobs.browsing.facets import Facet, Value
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of, queries_of, text_of


@pytest.fixture
def categories(db: None) -> None:
    for slug in ("writing", "translation"):
        Category.objects.get_or_create(slug=slug, defaults={"name": slug.capitalize()})


@pytest.fixture
def jobs(poster: Agent, worker: Agent, categories: None) -> None:
    """Three open jobs, a closed one, and two that are nobody's business."""
    soon = timezone.now() + timedelta(hours=20)
    factories.open_job(poster, title="Translate a leaflet", vertical="Translation", budget=5 * MICRO, skills=["german"])
    factories.open_job(poster, title="Proofread a leaflet", vertical="writing", budget=30 * MICRO, deadline_at=soon)
    auction = {"bidding": "reverse_auction"}
    factories.open_job(poster, title="Write a song", vertical="writing", budget=60 * MICRO, terms=auction)
    factories.cancelled_job(poster, title="Translate a song", vertical="translation", budget=5 * MICRO)
    factories.draft_job(poster, title="Secret draft", vertical="writing")
    factories.open_job(poster, title="Secret offer", vertical="writing", invited=worker, terms={"bidding": "direct"})


def facet(page: object, name: str) -> dict[str, Value]:
    """The choices of a filter, by their labels."""
    found: list[Facet] = page.context["facets"]  # type: ignore[attr-defined]
    return {str(value.label): value for one in found if one.name == name for value in one.values}


def numbers(page: object, name: str) -> dict[str, str]:
    return {label: value.count for label, value in facet(page, name).items() if value.count != "0"}


def titles(page: object) -> list[str]:
    return [job.title for job in page.context["page"].rows]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("jobs")
def test_each_filter_says_how_many_jobs_it_leaves(client: Client) -> None:
    page = client.get("/jobs/")

    assert numbers(page, "category") == {"Translation": "1", "Writing": "2"}
    assert numbers(page, "budget") == {"Up to 10 USDC": "1", "10 to 50 USDC": "1", "50 to 200 USDC": "1"}
    assert numbers(page, "skills") == {"german": "1"}
    assert numbers(page, "bidding") == {"Open": "2", "Reverse auction": "1"}
    assert numbers(page, "deadline")["Within a day"] == "1"
    assert numbers(page, "status") == {"Open for bids": "3", "Cancelled": "1", "Any status": ""}


@pytest.mark.usefixtures("jobs")
def test_a_choice_narrows_the_other_filters_and_not_its_own(client: Client) -> None:
    page = client.get("/jobs/?vertical=writing")

    assert titles(page) == ["Write a song", "Proofread a leaflet"]
    assert numbers(page, "category") == {"Translation": "1", "Writing": "2"}
    assert numbers(page, "budget") == {"10 to 50 USDC": "1", "50 to 200 USDC": "1"}
    assert numbers(page, "status") == {"Open for bids": "2", "Any status": ""}
    by_words = client.get("/jobs/?q=leaf")
    assert numbers(by_words, "category") == {"Translation": "1", "Writing": "1"}


@pytest.mark.usefixtures("jobs")
def test_every_count_is_what_its_link_shows_and_a_second_choice_takes_it_back(client: Client) -> None:
    page = client.get("/jobs/?q=leaflet")

    for name in ("category", "budget", "skills", "deadline", "bidding", "status"):
        for label, value in facet(page, name).items():
            found = client.get("/jobs/" + value.query)
            if value.count:
                assert len(titles(found)) == int(value.count), (name, label)
            assert facet(found, name)[label].is_chosen
            if name != "status":
                assert titles(client.get("/jobs/" + facet(found, name)[label].query)) == titles(page)


@pytest.mark.usefixtures("jobs")
def test_addresses_are_short_and_say_all_that_is_chosen(client: Client) -> None:
    page = client.get("/jobs/?q=leaflet&vertical=&sort=&status=&skills=&role=nobody&cursor=")
    cheap = facet(page, "budget")["Up to 10 USDC"].query

    assert parse_qs(urlsplit(cheap).query) == {"q": ["leaflet"], "maxBudget": ["10"]}
    fetched = client.get("/jobs/?q=leaflet&vertical=&sort=newest", headers={"HX-Request": "true"})
    assert fetched["HX-Replace-Url"] == "/jobs/?q=leaflet&sort=newest"


@pytest.mark.usefixtures("jobs")
def test_the_order_is_remembered_and_an_address_comes_first(client: Client) -> None:
    dearest = ["Write a song", "Proofread a leaflet", "Translate a leaflet"]

    assert titles(client.get("/jobs/?sort=budget_desc")) == dearest
    assert titles(client.get("/jobs/")) == dearest
    assert titles(client.get("/jobs/?sort=budget_asc")) == dearest[::-1]
    assert titles(Client().get("/jobs/")) == dearest
    assert (
        titles(client.get("/jobs/?sort=usual")) == titles(client.get("/jobs/")) == titles(client.get("/jobs/?sort=x"))
    )


def test_counts_look_at_so_many_jobs_and_say_so(
    client: Client, poster: Agent, categories: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MOST_COUNTED", 2)
    factories.open_job(poster, vertical="translation")
    for _ in range(2):
        factories.open_job(poster, vertical="writing")

    page = client.get("/jobs/")

    # Of translation all that is known is that there may be some.
    assert {label: value.count for label, value in facet(page, "category").items() if value.count} == {"Writing": "2+"}
    assert facet(page, "status")["Open for bids"].count == "2+"


def test_ones_own_jobs_are_listed_with_drafts_and_without_counts(poster: Agent, worker: Agent, jobs: None) -> None:
    page = client_of(poster).get("/jobs/?role=poster")

    assert titles(page)[:2] == ["Secret offer", "Secret draft"]
    assert len(titles(page)) == 6
    assert set(numbers(page, "category").values()) == {""}
    assert titles(client_of(poster).get("/jobs/?role=poster&status=draft")) == ["Secret draft"]
    assert len(titles(Client().get("/jobs/?role=poster&status=all"))) == 4


@pytest.mark.parametrize(
    "query", ["biddingRule=none", "deadlineWithinHours=soon", "minBudget=x", "skills=" + "a," * 21]
)
def test_what_makes_no_sense_is_refused_by_its_name(client: Client, db: None, query: str) -> None:
    name = query.partition("=")[0]

    assert client.get(f"/jobs/?{query}").status_code == 400
    for address in ("jobs", "job-facets"):
        refusal = client.get(f"/v1/{address}?{query}")
        assert (refusal.status_code, refusal.json()["errors"][0]["field"]) == (400, name)


@pytest.mark.usefixtures("jobs")
def test_the_same_filters_and_counts_are_had_over_the_api(client: Client) -> None:
    """Every button has an endpoint."""
    found = client.get("/v1/jobs?biddingRule=reverse_auction&status=open").json()["data"]
    soon = client.get("/v1/jobs?deadlineWithinHours=24&status=open").json()["data"]
    told = client.get("/v1/job-facets?status=open&vertical=writing").json()["data"]

    assert [job["title"] for job in found] == ["Write a song"]
    assert [job["title"] for job in soon] == ["Proofread a leaflet"]
    by_name = {one["name"]: one["values"] for one in told}
    assert by_name["bidding"] == [
        {"value": "open", "count": 1, "isPartial": False},
        {"value": "reverse_auction", "count": 1, "isPartial": False},
    ]


@pytest.mark.usefixtures("jobs")
def test_categories_say_what_is_in_them(client: Client, worker: Agent) -> None:
    """FEATURES F4."""
    writing = Category.objects.get(slug="writing")
    AgentCategory.objects.create(agent=worker, category=writing)

    listed = {one["slug"]: one for one in client.get("/v1/categories").json()["data"]}
    page = text_of(client.get("/categories/"))

    assert (listed["writing"]["openJobs"], listed["writing"]["activeAgents"]) == (2, 1)
    assert (listed["translation"]["openJobs"], listed["translation"]["activeAgents"]) == (1, 0)
    assert "2 open jobs 1 agent" in page


@pytest.mark.parametrize("address", ["/jobs/", "/jobs/?q=report&vertical=writing", "/categories/"])
def test_the_pages_cost_the_same_at_one_and_at_three(poster: Agent, categories: None, address: str) -> None:
    browser = client_of(poster)
    costs = []
    for count in (1, 2):
        for _ in range(count):
            factories.open_job(poster, vertical="writing")
        costs.append(queries_of(browser, address))

    assert costs[0] == costs[1] <= 12


def test_an_empty_list_says_what_to_do(client: Client, poster: Agent, categories: None) -> None:
    assert "None has this status at the moment" in text_of(client.get("/jobs/"))
    assert "Take all filters away" in text_of(client.get("/jobs/?vertical=writing"))
    assert "You have posted no such job" in text_of(client_of(poster).get("/jobs/?role=poster"))
    assert Job.objects.count() == 0


def test_operators_name_categories_in_the_admin(categories: None, poster: Agent) -> None:
    operator = factories.make_person("Olga", is_staff=True, is_superuser=True)
    typed = {"name": "Law", "slug": "law", "description": "Contracts.", "position": "5"}

    answer = client_of(operator).post("/admin/categories/category/add/", typed)

    assert answer.status_code == 302
    assert client_of(operator).get("/v1/categories").json()["data"][0]["slug"] == "law"
