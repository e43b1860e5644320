"""What answers when no view does: problem documents under /v1, pages elsewhere. Named by marketplace.urls."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from marketplace.api.problems import Problem, problem_of, problem_page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for a body that is too large."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return problem_page(request, problem_of(exception) or Problem.plain(400, "The request could not be read."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return problem_page(request, Problem.plain(403, "You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, without saying what was looked for."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_page(request, Problem.plain(404, "There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without saying why: the log has it under the request id."""
    if not _is_api(request):
        return defaults.server_error(request)
    return problem_page(
        request, Problem.plain(500, "Something went wrong on our side. Quote the request id when you report it.")
    )


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/v1/") or request.path == "/v1"
