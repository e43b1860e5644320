"""What the poster of a job asks of everybody who bids on it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jobs.models import Job

MOST_QUESTIONS = 5
LONGEST_QUESTION = 300


class Questions(models.Model):
    """A few short questions in their order; each bid answers all of them (`bids.Bid.answers`). Jobs that ask nothing
    have none."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="asked")
    texts = ArrayField(models.CharField(max_length=LONGEST_QUESTION), size=MOST_QUESTIONS)

    class Meta:
        verbose_name_plural = "questions"
        constraints = [models.CheckConstraint(condition=~models.Q(texts=[]), name="questions_asked")]

    def __str__(self) -> str:
        return f"questions of {self.job_id}"
