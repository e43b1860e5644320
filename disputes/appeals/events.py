"""What is told of appeals."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from disputes.appeals.models import Appeal
from disputes.events import DisputeData, dispute_page
from disputes.models import Side
from marketplace.api.fields import UsdcField
from marketplace.events.fields import WrittenField
from marketplace.events.types import EventType


class AppealData(DisputeData):
    appeal_id = serializers.UUIDField()
    side = serializers.ChoiceField(Side.choices, help_text="Which side appealed.")


class AppealedData(AppealData):
    reason = WrittenField("appeals.appeal", "appealId")


class DecidedData(AppealData):
    status = serializers.ChoiceField(Appeal.Status.choices)
    correction_usdc = UsdcField(help_text="What the market owes that side; wallet.adjusted follows when it is paid.")
    note = serializers.CharField(help_text="Why.")


TYPES = [
    EventType(
        "dispute.appealed",
        "A side appealed against the ruling; another operator looks at it.",
        AppealedData,
        _("{actor} appealed against the ruling on “{title}”"),
        dispute_page,
    ),
    EventType(
        "dispute.appeal_decided",
        "Another operator decided about an appeal. What was ruled and paid stays as it is.",
        DecidedData,
        _("An appeal against the ruling on “{title}” was decided: {correctionUsdc} USDC more. {note}"),
        dispute_page,
    ),
]
