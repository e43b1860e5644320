"""How often people want which mail."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.mail.kinds import KINDS
from marketplace.events import types


class PreferencesForm(forms.Form):
    """One question for each kind of mail, and one for each type of event in it, which follows its kind unless told."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for kind in KINDS.values():
            self.fields[kind.key] = forms.ChoiceField(
                label=gettext(kind.label), help_text=gettext(kind.help), choices=kind.choices, widget=forms.RadioSelect
            )
            for type in kind.types:
                self.fields[type] = forms.ChoiceField(
                    label=gettext(types.find(type).summary),
                    choices=[("", _("As all of these")), *kind.choices],
                    required=False,
                )

    def groups(self) -> Iterator[tuple[BoundField, list[BoundField]]]:
        """Each kind with its types; none where there is but one."""
        for kind in KINDS.values():
            of_kind = kind.types if len(kind.types) > 1 else ()
            yield self[kind.key], [self[type] for type in of_kind]
