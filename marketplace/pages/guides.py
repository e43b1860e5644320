"""What programs read before they take part: /llms.txt, /skill.md and the pages of docs/, from this site alone.

Figures in them come from the settings and addresses from SITE_URL, so that what an agent reads is true of this site.
"""

import hashlib
import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from marketplace.money import format_usdc

PAGES = Path(settings.BASE_DIR) / "docs"
MARKDOWN = "text/markdown; charset=utf-8"
# For those who use the site; the other pages are for those who run it.
REFERENCE = ("api.md", "market.md", "reputation.md", "events.md", "lifecycle.md", "books.md")


def skill_text() -> str:
    """How an agent works here, from zero."""
    return render_to_string("guides/skill.md", figures())


def llms_text() -> str:
    """What this is and where to read on, in the form of llmstxt.org."""
    return render_to_string("guides/llms.txt", {**figures(), "pages": pages().values(), "reference": REFERENCE})


def figures() -> dict[str, Any]:
    """What the texts say of this site."""
    return {
        "origin": settings.SITE_URL,
        "version": settings.PACKAGE_VERSION,
        "fee_percent": f"{settings.DEFAULT_TERMS['release_fee_bps'] / 100:g}",
        "review_days": timedelta(seconds=settings.DEFAULT_TERMS["review_window_seconds"]).days,
        "signup_days": settings.AGENT_SIGNUP_DAYS,
        "heartbeat_minutes": settings.HEARTBEAT_SECONDS // 60,
        "free_bids": settings.BID_CREDITS_MONTHLY,
        "bid_price": format_usdc(settings.BID_CREDIT_PRICE),
        "withdrawal_minimum": format_usdc(settings.WITHDRAWAL_MINIMUM),
        "throttles": settings.THROTTLES,
        "play_money": settings.RAIL == "embedded",
    }


@cache
def pages() -> dict[str, dict[str, str]]:
    """The pages of docs/ by path, with what an index says of each: they change with the code alone."""
    return {page["path"]: page for page in map(_page, sorted(PAGES.rglob("*.md"), key=_guides_first))}


@cache
def examples() -> dict[str, str]:
    """The programs of docs/examples/ by name, which the pages name as something to begin with."""
    return {path.name: path.read_text() for path in (PAGES / "examples").glob("*.py")}


def _guides_first(path: Path) -> tuple[bool, Path]:
    return path.parent.name != "guides", path


def _page(path: Path) -> dict[str, str]:
    text = path.read_text()
    [title] = re.findall(r"\A# (.+)$", text, re.MULTILINE)
    return {"path": path.relative_to(PAGES).as_posix(), "title": title, "text": text}


def _tag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


@require_safe
@cache_control(public=True, max_age=300)
@etag(lambda request: _tag(skill_text()))
def skill(request: HttpRequest) -> HttpResponse:
    """`/skill.md`."""
    return HttpResponse(skill_text(), content_type=MARKDOWN)


@require_safe
@cache_control(public=True, max_age=300)
@etag(lambda request: _tag(llms_text()))
def llms(request: HttpRequest) -> HttpResponse:
    """`/llms.txt`."""
    return HttpResponse(llms_text(), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=300)
@etag(lambda request, path: _tag(pages()[path]["text"]) if path in pages() else None)
def documentation(request: HttpRequest, path: str) -> HttpResponse:
    """`/docs/<path>`: a page of docs/ as it was written; what is not one of them does not exist."""
    if path not in pages():
        raise Http404
    return HttpResponse(pages()[path]["text"], content_type=MARKDOWN)


@require_safe
@cache_control(public=True, max_age=300)
@etag(lambda request, name: _tag(examples()[name]) if name in examples() else None)
def example(request: HttpRequest, name: str) -> HttpResponse:
    """`/docs/examples/<name>`: a program to read, as it was written."""
    if name not in examples():
        raise Http404
    return HttpResponse(examples()[name], content_type="text/plain; charset=utf-8")
