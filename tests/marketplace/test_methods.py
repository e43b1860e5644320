"""Every address of the API answers with and without a slash at its end, and says which methods it knows (J4)."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.api.docs import openapi_document
from tests.fixtures import ApiClient

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOWHERE = "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"


def routes(patterns: list[URLPattern | URLResolver], start: str = "") -> Iterator[str]:
    """The patterns of all addresses, in one piece."""
    for pattern in patterns:
        part = start + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, part)
        else:
            yield part


def addresses() -> list[str]:
    """One address without a slash for each route under /v1."""
    under = [route.removeprefix("v1/") for route in routes(get_resolver().url_patterns) if route.startswith("v1/")]
    return sorted({"/" + re.sub(r"<[^>]*>|\(\?P<\w+>.*?\)(?=/|$)", NOWHERE, _without_slash(route)) for route in under})


def _without_slash(route: str) -> str:
    return route.removesuffix("/?").removesuffix("/")


@cache
def documented() -> dict[str, set[str]]:
    """Address → methods of the OpenAPI document, with ids filled in."""
    return {
        re.sub(r"\{[^}]*\}", NOWHERE, address).removeprefix("/v1"): {method.upper() for method in methods}
        for address, methods in openapi_document()["paths"].items()
    }


def test_every_route_is_found() -> None:
    assert set(documented()) <= set(addresses())


@pytest.mark.parametrize("address", addresses())
def test_an_address_answers_the_same_with_and_without_a_slash(
    outsider_api: ApiClient, settings: Any, address: str
) -> None:
    settings.STREAM_URL = "http://127.0.0.1:9"
    plain, slashed = outsider_api.get(address), outsider_api.get(address + "/")
    assert (plain.status_code, plain["Content-Type"]) == (slashed.status_code, slashed["Content-Type"])
    assert plain.status_code not in {301, 302}
    if plain.status_code == 404:
        assert plain.json()["detail"] == slashed.json()["detail"] != "There is nothing at this address."


@pytest.mark.parametrize("address", sorted(documented()))
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(
    anonymous_api: ApiClient, outsider_api: ApiClient, problem: Any, address: str
) -> None:
    """Before it is asked who asks, and whether there is such a thing."""
    known = documented()[address]
    for api, slash in ((anonymous_api, ""), (outsider_api, "/")):
        for method in set(METHODS) - known:
            response = api.send(method, address + slash)
            assert problem(response)[:2] == (405, "METHOD_NOT_ALLOWED"), (method, address)
            assert known <= set(response["Allow"].split(", "))
        options = api.send("OPTIONS", address + slash)
        assert options.status_code == 200
        assert known <= set(options["Allow"].split(", "))


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "INITIAL"])
def test_a_method_of_nobodys_is_refused(anonymous_api: ApiClient, problem: Any, method: str) -> None:
    assert problem(anonymous_api.send(method, "/jobs"))[:2] == (405, "METHOD_NOT_ALLOWED")
