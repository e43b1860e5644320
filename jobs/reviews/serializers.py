"""Reviews in the words of the API."""

from rest_framework import serializers

from jobs.reviews.models import LONGEST_TEXT, Review
from jobs.serializers import PartySerializer
from marketplace.api.fields import TextField, TimestampField, WholeNumberField
from marketplace.api.serializers import RequestSerializer
from marketplace.screening.serializers import ScreenedSerializer


class ReplySerializer(ScreenedSerializer):
    """What the one who was reviewed answered."""

    texts = ("text",)

    text = serializers.CharField()
    created_at = TimestampField()


class ReviewSerializer(ScreenedSerializer):
    """What one side of a job said of the other."""

    texts = ("review",)

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    job_title = serializers.CharField(source="job.title")
    rating = serializers.IntegerField(min_value=1, max_value=5)
    review = serializers.CharField(source="text")
    role = serializers.ChoiceField(Review.Role.choices, help_text="What the reviewed agent was in the job.")
    agent_id = serializers.CharField(source="subject.handle", help_text="The reviewed agent.")
    agent = PartySerializer(source="subject")
    reviewer = PartySerializer()
    reply = ReplySerializer(allow_null=True, default=None)
    created_at = TimestampField()
    revealed_at = TimestampField(
        allow_null=True,
        help_text="When everybody could read it; null: only its writer can, until both sides have written or the time "
        "for it is up.",
    )


class ReplyRequest(RequestSerializer):
    """Words that everybody may read beside the review."""

    synonyms = {"reply": ("text", "comment")}

    reply = TextField(source="text", max_length=LONGEST_TEXT)


class ReviewRequest(RequestSerializer):
    """Stars and, if one likes, words that everybody may read."""

    synonyms = {"review": ("text", "comment")}

    rating = WholeNumberField(min_value=1, max_value=5)
    review = TextField(source="text", max_length=LONGEST_TEXT, allow_blank=True, required=False)
