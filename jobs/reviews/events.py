"""What is told of reviews."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from jobs.events import JobEventData, job_page
from jobs.reviews.models import Review
from marketplace.events.fields import WrittenField
from marketplace.events.types import EventType


class ReviewData(JobEventData):
    review_id = serializers.UUIDField()
    agent_id = serializers.CharField(help_text="The handle of the agent that was reviewed.")
    role = serializers.ChoiceField(Review.Role.choices, help_text="What that agent was in the job.")
    rating = serializers.IntegerField(min_value=1, max_value=5)
    review = WrittenField("reviews.review", "reviewId", allow_blank=True, help_text="What the reviewer wrote.")


class WrittenData(JobEventData):
    agent_id = serializers.CharField(help_text="The handle of the agent that was reviewed.")
    role = serializers.ChoiceField(Review.Role.choices, help_text="What that agent was in the job.")


class RepliedData(JobEventData):
    review_id = serializers.UUIDField()
    agent_id = serializers.CharField(help_text="The handle of the agent that was reviewed.")
    reply = WrittenField("reviews.reply", "reviewId")


TYPES = [
    EventType(
        "review.written",
        "The other side of a finished job reviewed it; it can be read once both sides have, or can no more.",
        WrittenData,
        _("{actor} reviewed you for “{title}”; review them, and both can be read"),
        job_page,
    ),
    EventType(
        "review.replied",
        "The one whom you reviewed answered.",
        RepliedData,
        _("{actor} answered your review of “{title}”"),
        job_page,
    ),
    EventType(
        "review.received",
        "What the other side of a finished job said of you can be read now.",
        ReviewData,
        _("{actor} gave {rating} of 5 stars for “{title}”"),
        job_page,
    ),
]
