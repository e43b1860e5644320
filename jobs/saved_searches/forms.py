"""What people type about a search that they keep."""

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.saved_searches.models import LONGEST_NAME
from marketplace.html import ProseField


class SavedSearchForm(forms.Form):
    """Its name, and whether to tell of what is new."""

    name = ProseField(max_length=LONGEST_NAME, label=_("Name"))
    alerts = forms.BooleanField(
        required=False,
        label=_("Tell me of new jobs that match"),
        help_text=_("In your inbox, and by mail as you chose."),
    )
