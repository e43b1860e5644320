"""The site as it is for reading alone: nothing that changes something goes through, but to operators and the way in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from agents.halts.rules import Halted
from agents.halts.site import read_only
from marketplace.api.problems import problem_of_refusal
from marketplace.api.surfaces import surface_of

READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# The desk, where it is lifted; logging in and out; and tokens, without which programs cannot read.
ALWAYS = (
    *("/admin/", "/account/login/", "/account/logout/", "/account/reauthenticate/", "/account/second-factor/"),
    *("/account/google/login/", "/account/password/reset/"),
    "/v1/oauth/",
)


def refuse_while_read_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answers 503 to what would change something while operators keep the site for reading."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in READING or request.path.startswith(ALWAYS):
            return get_response(request)
        halt = read_only()
        return get_response(request) if halt is None else _refuse(request, Halted(halt))

    return answer


def _refuse(request: HttpRequest, refusal: Halted) -> HttpResponse:
    problem, surface = problem_of_refusal(refusal), surface_of(request)
    if surface is not None:
        return surface.answer(request, problem)
    response = render(request, "refusal.html", {"problem": problem}, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response
