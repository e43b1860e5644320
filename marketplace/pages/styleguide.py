"""`/styleguide/`: every component of the pages, alive, for those who build pages. Not there in production."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.html import UsdcField
from marketplace.money import MICRO

SYMBOLS = (
    *(
        "agent",
        "again",
        "alert",
        "arrow",
        "back",
        "bell",
        "bookmark",
        "check",
        "clip",
        "clock",
        "coin",
        "copy",
        "cross",
    ),
    *("down", "download", "eye", "file", "filter", "gear", "inbox", "info", "key", "keyboard", "leave", "link", "lock"),
    *("menu", "message", "moon", "page", "pencil", "people", "person", "plus", "pulse", "scales", "search", "send"),
    *("shield", "star", "sun", "system", "tag", "trash", "up", "upload", "wallet", "work"),
)
COLOURS = (
    *("paper", "surface", "raised", "sunken", "ink", "ink-soft", "line", "line-strong", "accent", "accent-strong"),
    *("accent-soft", "brass", "brass-ink", "brass-soft", "blue-ink", "blue-soft", "plum-ink", "plum-soft", "red"),
    "red-soft",
)


class SampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(help_text="What should exist when this is done, in one line.")
    budget = UsdcField(help_text="The most you will pay.")
    deadline = forms.DateTimeField(widget=forms.DateTimeInput({"type": "datetime-local"}))
    category = forms.ChoiceField(choices=[("", "Any"), ("writing", "Writing"), ("code", "Code")], required=False)
    description = forms.CharField(widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label="Tell me by e-mail")
    kind = forms.ChoiceField(
        choices=[("open", "Open bidding"), ("direct", "Direct offer")], widget=forms.RadioSelect, initial="open"
    )


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    refused = SampleForm({"refused-budget": "twelve", "refused-kind": "open"}, prefix="refused")
    context = {
        "form": SampleForm(initial={"budget": 50 * MICRO}),
        "refused": refused,
        "sum": 1234 * MICRO + MICRO // 2,
        "statuses": [Job(status=status) for status in Status],
        "symbols": SYMBOLS,
        "colours": COLOURS,
        "soon": now + timedelta(hours=5),
        "earlier": now - timedelta(minutes=20),
        "steps": ("Kind", "Work", "Who", "Money", "Check"),
    }
    return render(request, "pages/styleguide.html", context)
