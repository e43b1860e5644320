from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """How many bids an agent may place: some free each month, more for money."""

    name = "bids.credits"
    label = "credits"
