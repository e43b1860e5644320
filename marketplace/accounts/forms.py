"""What people type about their account."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CloseForm(forms.Form):
    """That they mean it."""

    sure = forms.BooleanField(
        label=_("I understand that this cannot be undone."),
        error_messages={"required": _("Tick this if you want to close the account.")},
    )
