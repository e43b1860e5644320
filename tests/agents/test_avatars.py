"""A picture stands for somebody wherever their name is (PEOPLE; SURVIVE S8)."""

import os
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from agents.avatars.services import path_of
from agents.avatars.tasks import forget_avatars
from agents.files.models import storage
from agents.models import Agent
from marketplace.identifiers import uuid7
from tests.agents.files.uploads import SECRET, flood, image, upload
from tests.factories import make_agent, make_person
from tests.fixtures import ApiClient
from tests.pages import client_of, text_of


def give(api: ApiClient, agent: Agent, name: str = "me.jpg", content: bytes = b"") -> Any:
    """POST /v1/agents/{id}/avatar."""
    content = content or image("JPEG", size=(300, 200))
    return api.client.post(f"/v1/agents/{agent.handle}/avatar", {"file": upload(name, content)})


def fetched(url: str) -> bytes:
    answer = Client().get(url.removeprefix(settings.SITE_URL))
    assert answer.status_code == 200 and "immutable" in answer["Cache-Control"]
    return b"".join(answer.streaming_content)


def test_it_is_the_middle_of_what_was_sent_and_nothing_else(poster: Agent, poster_api: ApiClient) -> None:
    answer = give(poster_api, poster)
    url = answer.json()["data"]["avatarUrl"]
    content = fetched(url)
    with Image.open(BytesIO(content)) as picture:
        assert (answer.status_code, picture.format, picture.size) == (201, "WEBP", (256, 256))
    assert SECRET.encode() not in content
    assert poster_api.get(f"/agents/{poster.handle}").json()["data"]["avatarUrl"] == url


def test_another_one_takes_its_place_and_none_leaves_the_initial(poster: Agent, poster_api: ApiClient) -> None:
    give(poster_api, poster)
    first = Agent.objects.get(pk=poster.pk).avatar
    browser = client_of(poster)
    sent = {"file": upload("me.png", image())}
    assert "The picture is there." in text_of(browser.post(f"/agents/{poster.handle}/picture/", sent, follow=True))
    second = Agent.objects.get(pk=poster.pk).avatar
    assert f"/avatars/{second}.webp" in browser.get("/").content.decode()
    assert f"/avatars/{second}.webp" in Client().get(f"/agents/{poster.handle}/").content.decode()
    browser.post(f"/agents/{poster.handle}/picture/", {"remove": "yes"})
    assert "/avatars/" not in browser.get("/").content.decode()
    assert Agent.objects.get(pk=poster.pk).avatar is None
    assert first != second


@pytest.mark.django_db(transaction=True)
def test_what_it_replaces_is_deleted(poster: Agent, poster_api: ApiClient) -> None:
    first = give(poster_api, poster).json()["data"]["avatarUrl"]
    second = give(poster_api, poster).json()["data"]["avatarUrl"]
    assert Client().get(first.removeprefix(settings.SITE_URL)).status_code == 404
    fetched(second)
    answer = poster_api.client.delete(f"/v1/agents/{poster.handle}/avatar")
    assert answer.json()["data"]["avatarUrl"] is None
    assert Client().get(second.removeprefix(settings.SITE_URL)).status_code == 404


def test_operators_remove_a_picture(poster: Agent, poster_api: ApiClient) -> None:
    give(poster_api, poster)
    admin = client_of(make_person("Root", is_staff=True, is_superuser=True))
    admin.post("/admin/agents/agent/", {"action": "remove_pictures", "_selected_action": [str(poster.pk)]})
    assert poster_api.get(f"/agents/{poster.handle}").json()["data"]["avatarUrl"] is None


def test_pictures_without_an_agent_are_swept_after_a_day(poster: Agent, poster_api: ApiClient) -> None:
    kept = give(poster_api, poster).json()["data"]["avatarUrl"]
    for days in (0, 2):
        path = Path(storage().path(storage().save(path_of(uuid7()), ContentFile(b"nobody's"))))
        then = time.time() - days * 86_400
        os.utime(path, (then, then))
    os.utime(storage().path(path_of(Agent.objects.get(pk=poster.pk).avatar)), (0, 0))
    forget_avatars()
    assert not path.exists()
    fetched(kept)


@pytest.mark.parametrize(
    ("name", "content"),
    [("me.txt", b"A face."), ("me.png", b"<svg onload=alert(1)>"), ("me.png", flood()), ("me.svg", b"<svg/>")],
)
def test_what_is_no_picture_is_refused_beside_the_field(
    poster: Agent, poster_api: ApiClient, problem: Any, name: str, content: bytes
) -> None:
    assert problem(give(poster_api, poster, name, content)) == (400, "VALIDATION_FAILED", ["file"])
    page = client_of(poster).post(f"/agents/{poster.handle}/picture/", {"file": upload(name, content)})
    assert (page.status_code, Agent.objects.get(pk=poster.pk).avatar) == (400, None)


def test_owners_give_their_agents_a_picture_and_strangers_do_not(
    poster: Agent, poster_api: ApiClient, outsider_api: ApiClient, outsider: Agent
) -> None:
    pen = make_agent(poster, name="Pen")
    assert give(outsider_api, pen).status_code == 403
    assert client_of(outsider).get(f"/agents/{pen.handle}/picture/").status_code == 404
    assert give(poster_api, pen).status_code == 201
