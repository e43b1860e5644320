"""The page on which a person chooses a handle."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from agents.handles import services
from agents.handles.queries import may_change_handle
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


class HandleForm(forms.Form):
    handle = forms.CharField(
        max_length=40,
        label=gettext_lazy("Handle"),
        help_text=gettext_lazy("3 to 40 lower-case letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_handle(self) -> str:
        handle: str = self.cleaned_data["handle"]
        return handle.removeprefix("@").lower()


@login_required
@require_http_methods(["GET", "POST"])
@page
def handle(request: HttpRequest) -> HttpResponse:
    person = member_of(request)
    form = HandleForm(request.POST or None, initial={"handle": person.handle})
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                services.change_handle(agent=person, actor=person, handle=form.cleaned_data["handle"])
                return done(request, _("This is your handle now; the old one leads to you too."), "account")
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    context = {"form": form, "may_change": may_change_handle(person)}
    return render(request, "accounts/handle.html", context, status=status)
