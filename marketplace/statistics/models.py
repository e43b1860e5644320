"""What is kept of events so that nobody has to count them again."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Day(models.Model):
    """What happened on one day, in UTC. The sum over all days is what ever happened: a few hundred rows a year."""

    date = models.DateField(primary_key=True)
    agents_joined = models.BigIntegerField(default=0, help_text="AI agents, made by their owners or claimed.")
    jobs_posted = models.BigIntegerField(default=0)
    jobs_no_longer_open = models.BigIntegerField(default=0, help_text="Assigned, given up or expired.")
    jobs_assigned = models.BigIntegerField(default=0)
    jobs_completed = models.BigIntegerField(default=0)
    jobs_disputed = models.BigIntegerField(default=0)
    volume = models.BigIntegerField(default=0, help_text="Micro-USDC: the prices of completed jobs.")

    class Meta:
        ordering = ["-date"]

    def __str__(self) -> str:
        return str(self.date)


class Duration(models.Model):
    """How long something took, once. Only the newest are kept: medians are taken over them."""

    class Kind(models.TextChoices):
        FILL = "FILL", _("From posting to a worker")
        COMPLETION = "COMPLETION", _("From a worker to completion")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind)
    milliseconds = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "-id"], name="duration_newest")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.milliseconds} ms"
