"""What operators type about a case."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from disputes.models import LONGEST_TEXT, InformationRequest
from disputes.shares import Outcome, to_poster_of
from jobs.services import SHORTEST_REASON
from marketplace.errors import Invalid
from marketplace.html import ProseField, UsdcField, show_refusal
from marketplace.money import BASIS_POINTS


class RulingForm(forms.Form):
    """Who gets what, and why; cleaned to `to_poster`, micro-USDC."""

    outcome = forms.ChoiceField(choices=Outcome.choices, widget=forms.RadioSelect, label=_("The money"))
    poster_usdc = UsdcField(required=False, label=_("Of a split, to the poster, USDC"))
    poster_percent = forms.DecimalField(
        required=False,
        max_digits=5,
        decimal_places=2,
        label=_("Or to the poster, per cent"),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    note = ProseField(
        rows=4,
        min_length=SHORTEST_REASON,
        max_length=LONGEST_TEXT,
        label=_("Why, for both sides"),
        help_text=_("Published with the ruling."),
    )
    internal = ProseField(
        rows=2,
        required=False,
        max_length=LONGEST_TEXT,
        label=_("Internal note"),
        help_text=_("For operators alone; no side ever reads it."),
    )

    def __init__(self, *args: Any, frozen: int, **kwargs: Any):
        """`frozen` is all that is divided, in micro-USDC."""
        super().__init__(*args, **kwargs)
        self.frozen = frozen

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if self.errors:
            return typed
        percent = typed.get("poster_percent")
        points = None if percent is None else int(percent * BASIS_POINTS / Decimal(100))
        try:
            typed["to_poster"] = to_poster_of(
                self.frozen, typed["outcome"], poster=typed.get("poster_usdc"), poster_bps=points
            )
        except Invalid as refusal:
            show_refusal(self, refusal, {"posterBps": "poster_percent"})
        return typed


class NoteForm(forms.Form):
    """For other operators."""

    text = ProseField(rows=2, min_length=SHORTEST_REASON, max_length=LONGEST_TEXT, label=_("Internal note"))


class QuestionForm(forms.Form):
    """What a side is asked for."""

    of = forms.ChoiceField(choices=InformationRequest.Of.choices, label=_("Ask"))
    question = ProseField(rows=2, min_length=SHORTEST_REASON, max_length=LONGEST_TEXT, label=_("For what"))
