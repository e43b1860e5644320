"""Pages on which a person lets a program act for them, sees which ones may, and ends that."""

from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from agents.oauth import queries, services
from agents.oauth.forms import CodeForm
from agents.oauth.models import only_reads
from agents.reauthentication import proof_required
from marketplace.api.throttling import address_of, throttle
from marketplace.errors import NotFound
from marketplace.html import done, member_of, page, show_refusal


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@page
def device(request: HttpRequest) -> HttpResponse:
    """GET asks for the code or, with one, whether the program may; POST is the answer. Codes are counted before they
    are looked up, so that nobody tries them out (RFC 8628, 5.1)."""
    sent = request.POST if request.method == "POST" else request.GET
    form = CodeForm(sent if "user_code" in sent else None)
    if not form.is_valid():
        return render(request, "oauth/code.html", {"form": form}, status=400 if form.is_bound else 200)
    throttle(request, "device_code", address_of(request), ("device_code_account", str(member_of(request).user_id)))
    try:
        asked = queries.pending_request(form.cleaned_data["user_code"])
        if request.method == "POST" and sent.get("answer") in ("allow", "deny"):
            return _answer(request, asked.user_code, allow=sent["answer"] == "allow")
    except NotFound as refusal:
        show_refusal(form, refusal)
        return render(request, "oauth/code.html", {"form": form}, status=refusal.status)
    return render(request, "oauth/confirm.html", {"asked": asked, "only_reads": only_reads(asked.scope)})


def _answer(request: HttpRequest, user_code: str, *, allow: bool) -> HttpResponse:
    if allow:
        return _allow(request, user_code)
    asked = services.answer_device(user_code=user_code, allow=False, actor=member_of(request))
    return done(request, _("%(program)s was refused.") % {"program": asked.client.name}, "programs")


@proof_required
def _allow(request: HttpRequest, user_code: str) -> HttpResponse:
    """What a program may do is asked no proof for again, so it is given here."""
    asked = services.answer_device(user_code=user_code, allow=True, actor=member_of(request))
    return done(
        request, _("%(program)s may act for you now. Go back to it.") % {"program": asked.client.name}, "programs"
    )


@login_required
@require_GET
@page
def programs(request: HttpRequest) -> HttpResponse:
    """Programs that may act for the person."""
    actor = member_of(request)
    context = {"logins": queries.logins_of(actor), "waited_for": queries.allowed_requests(actor)}
    return render(request, "oauth/programs.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@page
def program_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET asks; POST ends what the program may do."""
    actor = member_of(request)
    login = queries.logins_of(actor).filter(pk=pk).first()
    if login is None:
        raise NotFound("You have let no such program in.")
    if request.method == "POST":
        services.revoke_login(login=login, actor=actor)
        return done(request, _("%(program)s may act for you no more.") % {"program": login.client.name}, "programs")
    return render(request, "oauth/revoke.html", {"login": login, "form": forms.Form()})
