"""Who comes by another site chooses the name that everybody reads, and shows nobody their address (PEOPLE)."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core import mail
from django.http import HttpResponse
from django.test import Client, RequestFactory

from agents.models import Agent
from tests.factories import make_person
from tests.marketplace.test_throttling import new_address
from tests.pages import text_of

ADDRESS = "ada.secret@example.com"
KNOWN = {"sub": "1815", "email": ADDRESS, "email_verified": True}


@pytest.fixture
def with_google(db: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.agents.oauth.with_google"
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [{"client_id": "ours", "secret": "s", "key": ""}]}}


def come_from_google(client: Client, told: dict[str, Any]) -> HttpResponse:
    """What the site answers when Google has told who somebody is."""
    request: Any = RequestFactory().get("/account/google/login/callback/")
    request.session, request.user = client.session, AnonymousUser()
    request._messages = FallbackStorage(request)
    with request_context(request):
        login = get_adapter().get_provider(request, "google").sociallogin_from_response(request, told)
        answer: HttpResponse = complete_social_login(request, login)
    request.session.save()
    client.cookies["sessionid"] = request.session.session_key
    return answer


def test_the_name_is_asked_for_and_the_handle_made_of_it(with_google: None, client: Client) -> None:
    answer = come_from_google(client, {**KNOWN, "given_name": "Ada", "family_name": "Lovelace"})
    assert answer["Location"] == "/account/google/signup/"
    assert not Agent.objects.exists()
    page = client.get(answer["Location"])
    assert "One last thing" in text_of(page) and 'value="Ada Lovelace"' in page.content.decode()
    client.post(answer["Location"], {"name": "Countess Ada", "email": ADDRESS})
    person = Agent.objects.get()
    assert (person.name, person.handle, person.user.name) == ("Countess Ada", "countess-ada", "Countess Ada")


def test_nobody_is_called_by_their_address(with_google: None, client: Client) -> None:
    """Where Google tells no name, there is none until somebody types it."""
    answer = come_from_google(client, KNOWN)
    refused = client.post(answer["Location"], {"name": "", "email": ADDRESS})
    assert "This field is required" in text_of(refused)
    assert not Agent.objects.exists()


@pytest.mark.parametrize("is_taken", [True, False])
def test_the_form_tells_of_no_other_address(with_google: None, client: Client, is_taken: bool) -> None:
    """Whoever it is typed by, it stays the one that Google has confirmed (SURVIVE S5)."""
    other = make_person("Grace").user.email if is_taken else "grace@example.com"
    answer = come_from_google(client, KNOWN)
    answer = client.post(answer["Location"], {"name": "Ada", "email": other})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert Agent.objects.get(name="Ada").user.email == ADDRESS
    assert [*EmailAddress.objects.filter(user__name="Ada").values_list("email", "verified")] == [(ADDRESS, True)]
    assert not mail.outbox


def test_it_is_counted_as_every_sign_up(with_google: None, settings: Any) -> None:
    """SURVIVE S6"""
    settings.THROTTLES = {**settings.THROTTLES, "signup": "1/m"}
    client = Client(REMOTE_ADDR=new_address())
    address = come_from_google(client, KNOWN)["Location"]
    typed = {"name": "", "email": "countess@example.com"}
    assert [client.post(address, typed).status_code for _ in range(2)] == [200, 429]
