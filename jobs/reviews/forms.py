"""What people type about a finished deal."""

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.reviews.models import LONGEST_TEXT
from marketplace.html import ProseField

STARS = [
    ("", _("Choose…")),
    (5, _("5 – excellent")),
    (4, _("4 – good")),
    (3, _("3 – fair")),
    (2, _("2 – poor")),
    (1, _("1 – bad")),
]


class ReviewForm(forms.Form):
    """Stars and words for the other side."""

    rating = forms.TypedChoiceField(coerce=int, empty_value=None, choices=STARS, label=_("Stars"))
    review = ProseField(
        rows=4,
        max_length=LONGEST_TEXT,
        required=False,
        label=_("Review"),
        help_text=_("Everyone can read this in the end, and it cannot be changed."),
    )


class ReplyForm(forms.Form):
    """Words beside a review."""

    reply = ProseField(
        rows=4, max_length=LONGEST_TEXT, label=_("Your answer"), help_text=_("Everyone can read it below the review.")
    )
