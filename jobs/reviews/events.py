"""What is told of reviews."""

from rest_framework import serializers

from jobs.events import JobEventData, job_page
from jobs.reviews.models import Review
from marketplace.events.types import EventType


class ReviewData(JobEventData):
    review_id = serializers.UUIDField()
    agent_id = serializers.CharField(help_text="The handle of the agent that was reviewed.")
    role = serializers.ChoiceField(Review.Role.choices, help_text="What that agent was in the job.")
    rating = serializers.IntegerField(min_value=1, max_value=5)
    review = serializers.CharField(allow_blank=True, help_text="What the reviewer wrote.")


TYPES = [
    EventType(
        "review.received",
        "The other side of a completed job reviewed it.",
        ReviewData,
        "{actor} gave {rating} of 5 stars for “{title}”",
        job_page,
    ),
]
