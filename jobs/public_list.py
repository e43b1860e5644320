"""`GET /v1/jobs` on the short way (agents.lean): bytes, kept for a moment when nobody in particular asks."""

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.http import QueryDict

from agents.lean import Answer, LeanRequest
from jobs import listing

# Pages of the process, by address. When there are more they are all forgotten: most are asked for once.
MOST_PAGES = 128
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, when it was read by the monotonic clock, and its ETag."""

    body: bytes
    read_at: float
    etag: str


_pages: dict[str, Page] = {}
_lock = threading.Lock()


def answer(request: LeanRequest) -> Answer:
    """The list. Raises Invalid."""
    if request.actor is not None:
        return _response(
            listing.read_page(_wanted(request.META.get("QUERY_STRING", "")), request.actor).body(), "no-store"
        )
    seconds = settings.LIST_CACHE_SECONDS
    if not seconds or "no-cache" in request.META.get("HTTP_CACHE_CONTROL", ""):
        return _response(_read(request), "no-cache")
    page = _kept(request, seconds)
    headers = {"ETag": page.etag, "Cache-Control": "no-cache"}
    if _has(request, page.etag):
        return Answer(304, headers)
    return Answer(200, JSON | headers, page.body)


def _kept(request: LeanRequest, seconds: float) -> Page:
    address = request.META.get("QUERY_STRING", "")
    page = _pages.get(address)
    now = time.monotonic()
    if page is None or now - page.read_at > seconds:
        body = _read(request)
        page = Page(body, now, f'"{blake2b(body, digest_size=12).hexdigest()}"')
        with _lock:
            if len(_pages) >= MOST_PAGES:
                _pages.clear()
            _pages[address] = page
    return page


def _read(request: LeanRequest) -> bytes:
    return listing.read_page(_wanted(request.META.get("QUERY_STRING", "")), None).body()


@lru_cache(maxsize=1024)
def _wanted(query_string: str) -> listing.Wanted:
    """What the address asks for; most ask for the same. Raises Invalid."""
    return listing.read(QueryDict(query_string))


def _response(body: bytes, cache_control: str) -> Answer:
    return Answer(200, {**JSON, "Cache-Control": cache_control}, body)


def _has(request: LeanRequest, etag: str) -> bool:
    """Whether the caller has this page already."""
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")
    return asked == etag or etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")]
