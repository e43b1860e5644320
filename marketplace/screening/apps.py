from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    """What people and agents write is read for what is prohibited, secret, or meant to mislead an agent."""

    name = "marketplace.screening"
    label = "screening"
    verbose_name = "Screened content"
