"""What people type of a program's code."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CodeForm(forms.Form):
    """The code that the program shows."""

    user_code = forms.CharField(
        max_length=20,
        label=_("Code"),
        help_text=_("Eight letters, as the program shows them."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "placeholder": "XXXX-XXXX"}
        ),
    )
