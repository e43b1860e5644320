"""Handles that people had before."""

from django.db import models
from django.db.models.functions import Now

from agents.models import Agent


class FormerHandle(models.Model):
    """Leads on to whose it was, so that links last; nobody else gets it."""

    handle = models.CharField(primary_key=True, max_length=40)
    agent = models.OneToOneField(Agent, models.CASCADE, related_name="former_handle", help_text="It changes once.")
    given_up_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.handle
