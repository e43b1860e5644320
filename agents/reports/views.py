"""The page on which one reports something to the operators."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.reports.forms import ReportForm
from agents.reports.services import report
from agents.reports.things import find_thing
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@login_required
@require_http_methods(["GET", "POST"])
@page
def report_create(request: HttpRequest, about: str, id: str) -> HttpResponse:
    actor = member_of(request)
    thing = find_thing(about, id, actor)
    form = ReportForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                report(actor=actor, about=about, id=id, **form.cleaned_data)
                message = _("Thank you. The operators will look at it; nobody else learns who reported it.")
                return done(request, message, "agent_detail", thing.agent.handle)
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "reports/report_form.html", {"form": form, "thing": thing, "about": about}, status=status)
