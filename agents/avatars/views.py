"""The page on which a picture is chosen, and the pictures themselves."""

from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from agents.avatars import services
from agents.files.models import storage
from agents.files.serving import POLICY
from agents.views import own_agent
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal

# Another picture has another address.
FOR_EVER = "public, max-age=31536000, immutable"


class AvatarForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG, GIF or WebP. Everyone sees its middle, as a square."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )


@login_required
@require_http_methods(["GET", "POST"])
@page
def avatar_choose(request: HttpRequest, handle: str) -> HttpResponse:
    """GET shows the picture; POST takes another one, or with `remove` none."""
    agent = own_agent(request, handle)
    if "remove" in request.POST:
        services.remove_avatar(agent=agent, actor=member_of(request))
        return done(request, _("The picture is gone."), "agent_detail", agent.handle)
    form = AvatarForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                services.set_avatar(agent=agent, actor=member_of(request), upload=form.cleaned_data["file"])
                return done(request, _("The picture is there."), "agent_detail", agent.handle)
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "agents/avatar_form.html", {"agent": agent, "form": form}, status=status)


@require_safe
def avatar(request: HttpRequest, pk: UUID) -> FileResponse:
    """A picture, for everybody."""
    try:
        content = storage().open(services.path_of(pk))
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, content_type="image/webp")
    response["Cache-Control"] = FOR_EVER
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response
