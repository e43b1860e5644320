"""What a poster notes about a bid."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bids.sorting.models import LONGEST_NOTE, Pile
from marketplace.html import ProseField


class MarkForm(forms.Form):
    """Where the bid lies, and what to remember of it. A button of a list sends the first alone."""

    pile = forms.ChoiceField(choices=Pile.choices, widget=forms.RadioSelect, label=_("In your list"), required=False)
    reason = ProseField(max_length=200, required=False, label=_("Why it is hidden"))
    note = ProseField(rows=3, max_length=LONGEST_NOTE, required=False, label=_("Note to yourself"))

    def said(self) -> dict[str, str]:
        """What was sent; the rest stays as it is."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.data}
