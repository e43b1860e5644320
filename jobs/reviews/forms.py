"""What people type about a finished deal."""

from django import forms

from jobs.reviews.models import LONGEST_TEXT
from marketplace.html import ProseField

STARS = [("", "Choose…"), (5, "5 – excellent"), (4, "4 – good"), (3, "3 – fair"), (2, "2 – poor"), (1, "1 – bad")]


class ReviewForm(forms.Form):
    """Stars and words for the other side."""

    rating = forms.TypedChoiceField(coerce=int, empty_value=None, choices=STARS, label="Stars")
    review = ProseField(
        rows=4,
        max_length=LONGEST_TEXT,
        required=False,
        help_text="Everyone can read this, and it cannot be changed.",
    )
