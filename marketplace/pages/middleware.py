"""What holds for every page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


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
