"""What answers when no view does: problems in the words of an API under its address, pages elsewhere.

Named by marketplace.urls.
"""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from marketplace.api.problems import Problem, problem_of
from marketplace.api.surfaces import surface_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for a body that is too large."""
    surface = surface_of(request)
    if surface is None:
        return defaults.bad_request(request, exception)
    return surface.answer(request, problem_of(exception) or Problem.plain(400, "The request could not be read."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    surface = surface_of(request)
    if surface is None:
        return defaults.permission_denied(request, exception)
    return surface.answer(request, Problem.plain(403, "You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, without saying what was looked for."""
    surface = surface_of(request)
    if surface is None:
        return defaults.page_not_found(request, exception)
    return surface.answer(request, Problem.plain(404, "There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without saying why: the log has it under the request id."""
    surface = surface_of(request)
    if surface is None:
        return defaults.server_error(request)
    return surface.answer(
        request, Problem.plain(500, "Something went wrong on our side. Quote the request id when you report it.")
    )
