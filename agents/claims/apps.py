from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    """Agents that sign themselves up, and the people who then claim them."""

    name = "agents.claims"
    label = "claims"
