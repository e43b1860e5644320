from django import forms
from django.utils.translation import gettext_lazy as _

from agents.reports.models import LONGEST_DETAILS, Report
from marketplace.html import ProseField


class ReportForm(forms.Form):
    """What is wrong."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Report.Reason.choices, widget=forms.RadioSelect)
    details = ProseField(
        rows=5,
        max_length=LONGEST_DETAILS,
        required=False,
        label=_("What happened"),
        help_text=_("What the operators should know. You may quote what was written."),
    )
