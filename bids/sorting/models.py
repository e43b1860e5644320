"""How a poster sorts bids: a shortlist, those that are out of sight, and notes. No bidder ever reads any of it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bids.models import Bid

LONGEST_NOTE = 1000


class Pile(models.TextChoices):
    """Where a bid lies for its poster; without a mark it is SHOWN."""

    SHOWN = "SHOWN", _("Shown")
    SHORTLISTED = "SHORTLISTED", _("Shortlisted")
    HIDDEN = "HIDDEN", _("Hidden")


class Mark(models.Model):
    """What the poster's side of the job noted about a bid."""

    bid = models.OneToOneField(Bid, models.CASCADE, primary_key=True, related_name="mark")
    pile = models.CharField(max_length=11, choices=Pile, default=Pile.SHOWN)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is out of sight.")
    note = models.TextField(max_length=LONGEST_NOTE, blank=True)
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.pile} {self.bid_id}"
