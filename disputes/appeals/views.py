"""The page on which a side appeals."""

from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from disputes.appeals.rules import appealable_until, most_correction, require_may_appeal
from disputes.appeals.services import make_appeal
from disputes.models import LONGEST_TEXT
from disputes.queries import find_dispute, with_people
from jobs.services import SHORTEST_REASON
from marketplace.errors import MarketError
from marketplace.html import ProseField, done, member_of, page, show_refusal


class AppealForm(forms.Form):
    """What is wrong with the ruling."""

    reason = ProseField(
        rows=6,
        min_length=SHORTEST_REASON,
        max_length=LONGEST_TEXT,
        label=gettext_lazy("What is wrong with the ruling"),
        help_text=gettext_lazy("Say what was overlooked and what is new. You can use Markdown."),
    )


@login_required
@require_http_methods(["GET", "POST"])
@page
def appeal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET says what an appeal can bring and asks why; POST makes it."""
    actor = member_of(request)
    dispute = find_dispute(pk, actor, with_people)
    side = require_may_appeal(dispute, actor)
    form, status = AppealForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                make_appeal(dispute=dispute, actor=actor, **form.cleaned_data)
                return done(request, _("Another operator looks at it."), "dispute_detail", dispute.pk)
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    shown = {"dispute": dispute, "job": dispute.job, "form": form, "until": appealable_until(dispute)}
    most = most_correction(dispute, side)
    return render(request, "disputes/actions/appeal.html", {**shown, "most": most}, status=status)
