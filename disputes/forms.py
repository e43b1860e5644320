"""The ruling, as an operator writes it in the admin."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from disputes.models import Dispute
from marketplace.errors import Invalid
from marketplace.html import ProseField
from marketplace.money import format_usdc, parse_usdc


class DisputeForm(forms.Form):
    """What is wrong, in the words of one side."""

    reason = ProseField(
        rows=6,
        min_length=3,
        max_length=5000,
        label="What is wrong",
        help_text="Say what was agreed, what happened, and what you ask for. The other side and the operator read it.",
    )


class RulingForm(forms.ModelForm):
    """How much goes back to the poster; the worker gets the rest less the dispute fee of the Terms."""

    refund_usdc = forms.CharField(label="To the poster, USDC", help_text="0 pays the worker everything.")

    class Meta:
        model = Dispute
        fields = ["note"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True
        if self.instance.job.price is not None:
            self.fields["refund_usdc"].help_text += f" The price is {format_usdc(self.instance.job.price)}."

    def clean_refund_usdc(self) -> int:
        """Micro-USDC, from 0 to the price."""
        text = self.cleaned_data["refund_usdc"].strip()
        try:
            amount = 0 if _is_zero(text) else parse_usdc(text, "refund")
        except Invalid as error:
            raise forms.ValidationError(error.detail) from error
        if amount > (self.instance.job.price or 0):
            raise forms.ValidationError("More than the price.")
        return amount


def _is_zero(text: str) -> bool:
    try:
        return Decimal(text) == 0
    except InvalidOperation:
        return False
