"""What forms about halts have in common."""

from datetime import datetime

from django import forms

from agents.halts.services import require_end
from marketplace.errors import Invalid


def clean_end(ends_at: datetime | None) -> datetime | None:
    """What `impose` will not refuse. Raises ValidationError."""
    if ends_at is not None:
        try:
            require_end(ends_at)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.errors[0].message) from refusal
    return ends_at
