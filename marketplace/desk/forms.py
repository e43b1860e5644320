"""What operators type about a case."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from agents.halts import services as halts
from agents.halts.forms import clean_end
from agents.halts.models import LONGEST_REASON, Activity
from disputes.models import LONGEST_TEXT, Ground, InformationRequest
from jobs.services import SHORTEST_REASON
from jobs.shares import Outcome, to_poster_of
from marketplace.errors import Invalid
from marketplace.html import ProseField, UsdcField, show_refusal
from marketplace.money import BASIS_POINTS, readable_usdc


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
    ground = forms.ChoiceField(choices=[("", "—"), *Ground.choices], label=_("What it rests on"))
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

    @property
    def ground_words(self) -> str:
        """What was chosen, in words."""
        return str(Ground(self.cleaned_data["ground"]).label)

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


class AppealForm(forms.Form):
    """What becomes of an appeal; cleaned to `correction`, micro-USDC."""

    stands = forms.TypedChoiceField(
        choices=[("yes", _("The ruling stands")), ("no", _("The ruling was wrong, and the market makes it good"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        label=_("The ruling"),
    )
    correction = UsdcField(required=False, label=_("What the market pays the side, USDC"))
    note = ProseField(rows=4, min_length=SHORTEST_REASON, max_length=LONGEST_TEXT, label=_("Why, for both sides"))

    def __init__(self, *args: Any, most: int, **kwargs: Any):
        """`most` is what the ruling kept from the side, in micro-USDC."""
        super().__init__(*args, **kwargs)
        self.fields["correction"].help_text = _("At most %(most)s. A treasurer pays it.") % {
            "most": readable_usdc(most)
        }

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if self.errors:
            return typed
        typed["correction"] = typed["correction"] or 0
        if typed["stands"] and typed["correction"]:
            self.add_error("correction", _("Leave it empty where the ruling stands."))
        elif not typed["stands"] and not typed["correction"]:
            self.add_error("correction", _("Say how much makes it good."))
        return typed


class HaltForm(forms.Form):
    """What the chosen agents may not do, until when and why; they read it."""

    activity = forms.ChoiceField(choices=Activity.choices, initial=Activity.EVERYTHING, label=_("What they may not do"))
    ends_at = forms.DateTimeField(
        required=False,
        label=_("Until"),
        help_text=_("Empty: until an operator lets them back."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = ProseField(
        rows=3,
        min_length=halts.SHORTEST_REASON,
        max_length=LONGEST_REASON,
        label=_("Why"),
        help_text=_("They read it, and it stays in the log of acts."),
    )

    def clean_ends_at(self) -> datetime | None:
        return clean_end(self.cleaned_data["ends_at"])
