"""What people have mailed to them: chosen on a page, or ended by a link in a mail."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from agents.mail import services
from agents.mail.forms import PreferencesForm
from agents.mail.kinds import KINDS
from agents.mail.links import read_token
from agents.mail.queries import exceptions_of, refused_addresses, rhythms_of
from marketplace.html import done, member_of, page


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@page
def preferences(request: HttpRequest) -> HttpResponse:
    user = member_of(request).user
    assert user is not None  # a person's own agent
    form = PreferencesForm(request.POST or None, initial=rhythms_of(user) | exceptions_of(user))
    if request.method == "POST" and form.is_valid():
        services.choose_rhythms(user=user, rhythms=form.cleaned_data)
        return done(request, _("Mail comes as you chose."), "mail_preferences")
    context = {"form": form, "refused": refused_addresses(user)}
    return render(request, "mail/preferences.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
@page
def try_again(request: HttpRequest) -> HttpResponse:
    user = member_of(request).user
    assert user is not None
    services.try_again(user=user)
    return done(request, _("The next mail will be sent to you again."), "mail_preferences")


@csrf_exempt  # mail programs post it, without having been here; the token says who and what (RFC 8058)
@require_http_methods(["GET", "POST"])
@never_cache
@page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing, because programs follow links in mails; POST ends mails of this kind."""
    user, key = read_token(token)
    if request.method == "POST":
        services.unsubscribe(user=user, key=key)
    return render(request, "mail/unsubscribe.html", {"kind": KINDS.get(key), "is_done": request.method == "POST"})
