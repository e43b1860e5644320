"""What holds for every page."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from marketplace.api.surfaces import surface_of

zones = cache(available_timezones)


def keep_fragments_apart(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A part of a page, answered to htmx at the page's address, is never shown for the page: the back button would."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request"])
        if request.htmx:  # type: ignore[attr-defined]
            response["Cache-Control"] = "no-store"
        return response

    return answer


def tell_the_readers_time(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Pages write and read times in the zone that the browser told of (static/js/site.js), without one in UTC.

    The APIs never leave UTC.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        zone = request.COOKIES.get("timezone", "")
        if zone not in zones() or surface_of(request):
            return get_response(request)
        with timezone.override(ZoneInfo(zone)):
            return get_response(request)

    return answer
