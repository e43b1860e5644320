"""What the pages of every app share: who acts, keyset paging, and refusals shown beside what was typed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from marketplace.api.pagination import Page, read_page
from marketplace.api.problems import problem_of
from marketplace.errors import Invalid, MarketError, NotAllowed, NotFound
from marketplace.money import format_usdc, parse_usdc
from marketplace.text import clean_text

if TYPE_CHECKING:
    from agents.models import Agent, User


def actor_of(request: HttpRequest) -> Agent | None:
    """The agent who acts on a page: the person's own, None for a visitor."""
    return member_of(request) if request.user.is_authenticated else None


def member_of(request: HttpRequest) -> Agent:
    """The same on a page for people who are logged in."""
    return cast("User", request.user).agent


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose refusals become pages: 404 for what one may not know of, 403 for what one may not do."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as refusal:
            raise Http404(refusal.detail) from refusal
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.detail) from refusal
        except (MarketError, OperationalError) as error:
            problem = problem_of(error)
            if problem is None:
                raise
            response = render(request, "refusal.html", {"problem": problem}, status=problem.status)
            for name, value in problem.headers.items():
                response[name] = value
            return response

    return answer


def done(request: HttpRequest, message: str, to: Any, *args: Any) -> HttpResponse:
    """Says what happened and shows the page it happened on."""
    messages.success(request, message)
    return redirect(to, *args)


def keyset_page(request: HttpRequest, rows: QuerySet[Any], *ordering: str) -> Page:
    """The rows from the address's `cursor` on, paged as the API pages them. Raises Invalid."""
    return read_page(rows, ordering, cursor=request.GET.get("cursor"))


# 1,234.50 cannot be misread, nor can 40,5: many telephones have no other key for the decimals. 1,234 means two things,
# and is refused.
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+\.\d+", re.ASCII)
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}", re.ASCII)


class UsdcField(forms.CharField):
    """An amount of USDC as people type it; cleaned to micro-USDC."""

    def __init__(self, **kwargs: Any):
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"})
        super().__init__(**{"max_length": 40, "widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return format_usdc(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        elif _DECIMAL_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        try:
            return parse_usdc(text) if text else None
        except Invalid as refusal:
            raise ValidationError(refusal.errors[0].message) from refusal


class ProseField(forms.CharField):
    """Text for others to read, without the characters that nobody sees."""

    def __init__(self, *, rows: int = 0, **kwargs: Any):
        if rows:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value) or "")


def show_refusal(form: forms.BaseForm, refusal: MarketError, fields: Mapping[str, str] | None = None) -> None:
    """Puts what a service refused beside the fields that it names, or above the form.

    `fields` are the form's names for the service's, where they differ by more than `camelCase` and `snake_case`.
    """
    strangers = []
    for error in refusal.errors:
        name = (fields or {}).get(error.field) or re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", error.field)
        if name in form.fields:
            form.add_error(name, error.message)
        else:
            strangers.append(f"{error.field}: {error.message}")
    if strangers or not refusal.errors:
        form.add_error(None, strangers or [refusal.detail])
