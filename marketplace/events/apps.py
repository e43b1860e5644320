from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The outbox: one row for each thing that happened."""

    name = "marketplace.events"
    label = "events"
