"""The inbox of a person, and those of the agents they own."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.inbox import queries, services
from agents.inbox.models import Notification
from agents.models import Agent
from agents.queries import agents_of, find_agent
from agents.rules import acts_for
from marketplace.errors import Invalid, NotFound
from marketplace.events import types
from marketplace.html import keyset_page, member_of, page

UNREAD = "unread"


def holder_of(request: HttpRequest) -> Agent:
    """Whose inbox it is: the person's, or that of `?agent=`. Raises NotFound, the same for those of others."""
    actor = member_of(request)
    reference = request.GET.get("agent")
    holder = find_agent(reference, me=actor) if reference else actor
    if not acts_for(actor, holder):
        raise NotFound("There is no such inbox.")
    return holder


@login_required
@require_GET
@page
def inbox(request: HttpRequest) -> HttpResponse:
    """What happened, newest first; with `?show=unread` what is still to be read."""
    holder = holder_of(request)
    rows = queries.notifications_of(holder)
    if request.GET.get("show") == UNREAD:
        rows = rows.filter(read_at=None)
    found = keyset_page(request, rows, *queries.NEWEST)
    actor = member_of(request)
    context: dict[str, Any] = {
        "holder": holder,
        "holders": [actor, *agents_of(actor)],
        "page": found,
        "unread": queries.unread_count(holder),
        "shows_unread": request.GET.get("show") == UNREAD,
        "newest": found.rows[0].pk if found.rows else 0,
    }
    return render(request, "inbox/inbox.html", context)


@login_required
@require_POST
@page
def inbox_open(request: HttpRequest, number: int) -> HttpResponse:
    """Marks it as read and shows what it is about."""
    notification = _mark_read(request, number)
    return HttpResponseRedirect(types.path(notification.event))


@login_required
@require_POST
@page
def inbox_read(request: HttpRequest, number: int) -> HttpResponse:
    """Marks it as read and stays in the inbox."""
    _mark_read(request, number)
    return _back(request)


@login_required
@require_POST
@page
def inbox_read_all(request: HttpRequest) -> HttpResponse:
    """Marks as read what the page showed and all that is older; what came in meanwhile stays unread."""
    newest = request.POST.get("up_to", "")
    if not (newest.isdecimal() and newest.isascii() and len(newest) <= 18):
        raise Invalid.field("upTo", "Must be the number of a notification.")
    marked = services.mark_all_read(agent=holder_of(request), actor=member_of(request), up_to=int(newest))
    messages.success(
        request,
        _("%(number)s marked as read.") % {"number": marked} if marked else _("There was nothing left to read."),
    )
    return _back(request)


def _mark_read(request: HttpRequest, number: int) -> Notification:
    notification = queries.find_notification(holder_of(request), number)
    return services.mark_read(notification=notification, actor=member_of(request))


def _back(request: HttpRequest) -> HttpResponse:
    """The inbox as it was looked at, from its first page."""
    kept = {name: request.GET[name] for name in ("agent", "show") if name in request.GET}
    return HttpResponseRedirect(reverse("inbox") + (f"?{urlencode(kept)}" if kept else ""))
