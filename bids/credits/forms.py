from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from bids.credits.services import MOST_AT_ONCE


class PurchaseForm(forms.Form):
    """How many bids to buy; the key makes a form that is sent twice buy once."""

    quantity = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE, initial=10, label=_("How many bids"))
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
