"""The WSGI application that web servers run."""

import codecs
import os
from collections.abc import Callable
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

NOT_TEXT = "application/octet-stream"


class Application(WSGIHandler):
    """Django's, for callers who name a charset that is not UTF-8.

    Django decodes the address by it before any middleware is asked, and some charsets decode nothing.
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not is_utf8(environ.get("CONTENT_TYPE", "")):
            environ["CONTENT_TYPE"] = NOT_TEXT
        return super().__call__(environ, start_response)


def is_utf8(content_type: str) -> bool:
    """Whether the header names UTF-8, or a part of it, or no charset."""
    _, parameters = parse_header_parameters(content_type)
    try:
        return codecs.lookup(parameters.get("charset", "utf-8")).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):
        return False


django.setup(set_prefix=False)

from agents.lean import ShortWay  # noqa: E402 - its models want the registry of apps to be ready

application = ShortWay(Application())
