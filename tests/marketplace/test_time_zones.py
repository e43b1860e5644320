"""Times on pages are the reader's, those of the APIs are UTC (FEATURES J18)."""

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone

from agents.models import Agent
from marketplace.pages.middleware import tell_the_readers_time
from tests import factories
from tests.fixtures import ApiClient
from tests.pages import client_of

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
TEMPLATE = Template('{% load market %}{% at moment %} {{ moment|date:"j F Y, H:i T" }} {% field form.ends %}')


class EndsForm(forms.Form):
    ends = forms.DateTimeField()


def seen(zone: str, path: str = "/jobs/") -> str:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(TEMPLATE.render(Context({"moment": NEW_YEAR, "form": EndsForm()})))

    request = RequestFactory().get(path)
    request.COOKIES["timezone"] = zone
    return tell_the_readers_time(view)(request).content.decode()


@pytest.mark.parametrize(
    ("zone", "exact", "name"),
    [
        ("Europe/Berlin", "1 January 2027, 00:30 CET", "Europe/Berlin"),
        ("America/New_York", "31 December 2026, 18:30 EST", "America/New_York"),
        ("Asia/Kolkata", "1 January 2027, 05:00 IST", "Asia/Kolkata"),
        # What is no zone is not looked for, and says nothing.
        ("", "31 December 2026, 23:30 UTC", "UTC"),
        ("Nowhere/Atlantis", "31 December 2026, 23:30 UTC", "UTC"),
        ("../../etc/passwd", "31 December 2026, 23:30 UTC", "UTC"),
        ("Europe", "31 December 2026, 23:30 UTC", "UTC"),
    ],
)
def test_times_are_those_of_the_reader(zone: str, exact: str, name: str) -> None:
    page = seen(zone)

    assert page.count(exact) == 3, "shown, on hover and by Django's own filter"
    assert 'datetime="2026-12-31T23:30:00+00:00"' in page
    assert f"({name})" in page, "a field for a time says in which zone it reads it"
    assert "23:30 UTC" in seen(zone, "/v1/jobs")


def test_a_time_that_is_typed_is_read_in_the_same_zone() -> None:
    read = []

    def view(request: HttpRequest) -> HttpResponse:
        form = EndsForm({"ends": "2027-01-01T00:30"})
        assert form.is_valid()
        read.append(form.cleaned_data["ends"])
        return HttpResponse()

    request = RequestFactory().get("/")
    request.COOKIES["timezone"] = "Europe/Berlin"
    tell_the_readers_time(view)(request)

    assert read == [NEW_YEAR]


def test_the_api_stays_with_utc(poster: Agent, poster_api: ApiClient) -> None:
    job = factories.open_job(poster)
    browser = client_of(poster)
    browser.cookies["timezone"] = "Asia/Kolkata"

    assert browser.get(f"/v1/jobs/{job.pk}").json()["data"] == poster_api.get(f"/jobs/{job.pk}").json()["data"]
    assert "IST" in browser.get(f"/jobs/{job.pk}/").content.decode()


def test_one_reader_is_not_told_the_time_of_another(db: None) -> None:
    browser = Client()
    browser.cookies["timezone"] = "Asia/Kolkata"
    browser.get("/jobs/")

    assert "23:30 UTC" in seen("")


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=2, hours=12), "in 2 days"),
        (timedelta(hours=1), "in 1 hour"),
        (-timedelta(minutes=90), "1 hour ago"),
    ],
)
def test_what_was_promised_in_three_days_is_not_in_two_a_second_later(distance: timedelta, words: str) -> None:
    """A time is said by the unit that it nearly fills (FEATURES J18)."""
    soon = timezone.now() + distance - timedelta(seconds=1)
    assert f">{words}<" in Template("{% load market %}{% when soon %}").render(Context({"soon": soon}))
