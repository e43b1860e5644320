"""The APIs of this site, each under an address of its own and with its own way to say what went wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from marketplace.api.problems import Problem, problem_page


@dataclass(frozen=True)
class Surface:
    """What lies under `prefix`. `answer` words a problem where no view does, and `scope` of settings.THROTTLES counts,
    by address, those who get no further."""

    prefix: str
    scope: str
    answer: Callable[[HttpRequest, Problem], HttpResponse]

    def holds(self, path: str) -> bool:
        return path == self.prefix or path.startswith(f"{self.prefix}/")


_surfaces = [Surface("/v1", "anonymous", problem_page)]


def register(surface: Surface) -> None:
    """Called from an app's `ready`."""
    _surfaces.append(surface)


def surface_of(request: HttpRequest) -> Surface | None:
    """The API that the caller speaks to; None on pages."""
    return next((surface for surface in _surfaces if surface.holds(request.path)), None)
