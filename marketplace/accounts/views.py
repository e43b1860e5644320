"""The pages of an account: what it has, where it is logged in, a copy of it, and its end."""

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.logout import logout
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.reauthentication import proof_required
from marketplace.accounts import queries, services
from marketplace.accounts.forms import CloseForm
from marketplace.accounts.models import Export
from marketplace.accounts.sessions import end_sessions, live_sessions
from marketplace.errors import NotFound
from marketplace.html import done, member_of, page


@login_required
@require_GET
@page
def account(request: HttpRequest) -> HttpResponse:
    """Everything there is to set, each with how it stands."""
    return render(request, "accounts/overview.html", {"account": queries.overview(request.user)})  # type: ignore[arg-type]


# Sessions


@login_required
@require_GET
@page
def session_list(request: HttpRequest) -> HttpResponse:
    """Where the person is logged in."""
    context = {"sessions": live_sessions(request.user), "here": request.session.session_key}  # type: ignore[arg-type]
    return render(request, "accounts/sessions.html", context)


@login_required
@require_POST
@page
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Logs one of them out."""
    if not end_sessions(live_sessions(request.user).filter(pk=pk)):  # type: ignore[arg-type]
        raise NotFound("That session has ended already.")
    return done(request, _("That browser is logged out."), "account_sessions")


@login_required
@require_POST
@page
def session_end_others(request: HttpRequest) -> HttpResponse:
    """Logs out every browser but this one."""
    others = live_sessions(request.user).exclude(session_key=request.session.session_key)  # type: ignore[arg-type]
    ended = end_sessions(others)
    words = ngettext("%(count)s other browser is logged out.", "%(count)s other browsers are logged out.", ended)
    return done(request, words % {"count": ended}, "account_sessions")


# A copy of everything


@login_required
@require_http_methods(["GET", "POST"])
@page
def data(request: HttpRequest) -> HttpResponse:
    """GET lists the copies; POST asks for a new one."""
    actor = member_of(request)
    if request.method == "POST":
        services.request_export(actor=actor)
        return done(request, _("Your copy is being made; your inbox says when it is ready."), "account_data")
    copies = list(queries.exports_of(actor))
    waiting = any(copy.status == Export.Status.PENDING for copy in copies)
    return render(
        request, "accounts/data.html", {"copies": copies, "waiting": waiting, "kept_days": settings.EXPORT_DAYS}
    )


@login_required
@proof_required
@never_cache
@require_GET
@page
def data_download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The archive, for the person who asked for it."""
    return archive_response(queries.find_export(pk, member_of(request)))


def archive_response(export: Export) -> HttpResponse:
    """The archive as a file to save. Raises NotFound while it is being made."""
    if export.content is None:
        raise NotFound("The copy is still being made; try again in a minute.")
    name = f"guildhall-{export.created_at:%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(export.content), content_type="application/zip", headers=headers)


# The end


@login_required
@proof_required(allow_get=True)
@require_http_methods(["GET", "POST"])
@page
def close(request: HttpRequest) -> HttpResponse:
    """GET says what closing means and what stands against it; POST closes the account for good."""
    form = CloseForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.close_account(actor=member_of(request))
            except services.AccountInUse as refusal:
                status = refusal.status
            else:
                logout(request)
                return done(request, _("Your account is closed. A last mail says so."), "home")
    return _show_closing(request, form, status)


def _show_closing(request: HttpRequest, form: CloseForm, status: int) -> HttpResponse:
    user: Any = request.user
    context = {"form": form, "obstacles": queries.obstacles(user), "left_behind": queries.left_behind(user)}
    return render(request, "accounts/close.html", context, status=status)
