"""`/v1/releases`: what client programs ask when they start (WIRE 1.11, FEATURES J17)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.releases.models import Announcement, Channel, Release
from tests.factories import make_person


def news(api, query: str = "") -> dict:
    response = api.get(f"/releases{query}")
    assert response.status_code == 200, response.content
    return response.json()["data"]


def announce(title: str, **fields) -> Announcement:
    return Announcement.objects.create(title=title, body="Read this.", **fields)


def titles(api, query: str = "") -> list[str]:
    return [announcement["title"] for announcement in news(api, query)["announcements"]]


def test_every_channel_is_there_before_anything_was_released(anonymous_api):
    """`update` fails without `latest.cli`."""
    told = news(anonymous_api)
    assert set(told) == {"schemaVersion", "latest", "announcements", "serverTime"}
    assert set(told["latest"]) == {"cli", "mcp", "sdk-ts", "sdk-python"}
    assert told["latest"]["cli"]["version"] == "0.0.0"
    assert set(told["latest"]["cli"]) == {"version", "publishedAt", "install", "notesUrl", "summary"}


def test_the_latest_is_what_was_published_last_not_what_will_be(anonymous_api):
    now = timezone.now()
    for version, when in (("1.9.0", -2), ("1.10.0", -1), ("2.0.0", 1)):
        Release.objects.create(
            channel=Channel.CLI, version=version, install="pip install it", published_at=now + timedelta(days=when)
        )
    assert news(anonymous_api)["latest"]["cli"]["version"] == "1.10.0"
    assert news(anonymous_api)["latest"]["mcp"]["version"] == "0.0.0"


def test_announcements_come_and_go_by_the_clock(anonymous_api):
    now = timezone.now()
    announce("for ever")
    announce("for now", expires_at=now + timedelta(minutes=1), level="critical", url="https://example.com/")
    announce("over", expires_at=now)
    announce("later", starts_at=now + timedelta(minutes=1))
    assert titles(anonymous_api) == ["for now", "for ever"]
    told = news(anonymous_api)["announcements"]
    assert set(told[0]) == {"id", "level", "title", "body", "url", "expiresAt"}
    assert (told[0]["level"], told[0]["url"]) == ("critical", "https://example.com/")
    assert (told[1]["url"], told[1]["expiresAt"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ["all"]),
        ("?channel=cli", ["cli", "all"]),
        ("?channel=mcp", ["all"]),
        ("?channel=cli&version=1.9.9", ["old", "cli", "all"]),
        ("?channel=cli&version=v1.9.9-beta.1", ["old", "cli", "all"]),
        ("?channel=cli&version=1.10", ["cli", "all"]),
        ("?channel=cli&version=1.10.0", ["cli", "all"]),
        ("?channel=cli&version=unknown", ["cli", "all"]),
        ("?channel=cli&version=", ["cli", "all"]),
    ],
)
def test_programs_hear_what_is_for_them(anonymous_api, query, told):
    announce("all")
    announce("cli", channel=Channel.CLI)
    announce("old", channel=Channel.CLI, before_version="1.10")
    assert titles(anonymous_api, query) == told


def test_another_channel_is_refused(anonymous_api, problem):
    assert problem(anonymous_api.get("/releases?channel=toaster")) == (400, "VALIDATION_FAILED", ["channel"])


def test_operators_write_both_in_the_console(db):
    operator = make_person("Olga", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(operator.user)
    now = {"published_at_0": "2026-01-01", "published_at_1": "00:00:00"}
    sent = {"channel": "cli", "version": "1.0.0", **now}
    assert client.post("/admin/releases/release/add/", sent).status_code == 302
    refused = client.post("/admin/releases/release/add/", {**sent, "version": "newest"})
    assert "Use numbers between dots" in refused.content.decode()
    starts = {"starts_at_0": "2026-01-01", "starts_at_1": "00:00:00"}
    said = {"level": "warn", "title": "Maintenance", "body": "Tonight.", **starts}
    assert client.post("/admin/releases/announcement/add/", said).status_code == 302
    told = Client().get("/v1/releases").json()["data"]
    assert told["latest"]["cli"]["version"] == "1.0.0"
    assert [announcement["title"] for announcement in told["announcements"]] == ["Maintenance"]
