"""How often people want which mail."""

from typing import Any

from django import forms
from django.utils.translation import gettext

from agents.mail.kinds import KINDS


class PreferencesForm(forms.Form):
    """One question for each kind of mail."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for kind in KINDS.values():
            self.fields[kind.key] = forms.ChoiceField(
                label=gettext(kind.label), help_text=gettext(kind.help), choices=kind.choices, widget=forms.RadioSelect
            )
