from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from marketplace.screening.services import strikes_kept


def keep_strikes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Notes who wrote what was refused, once the transaction of the request is rolled back."""

    def answer(request: HttpRequest) -> HttpResponse:
        with strikes_kept():
            return get_response(request)

    return answer
