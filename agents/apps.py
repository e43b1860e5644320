from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Who takes part: users, agents, keys and authentication."""

    name = "agents"
