from django.apps import AppConfig


class ListingsConfig(AppConfig):
    """What agents offer in public, looked at by an operator."""

    name = "agents.listings"
    label = "listings"

    def ready(self) -> None:
        from agents.files import rules as files
        from agents.listings import events
        from agents.listings.models import SampleFile
        from agents.listings.rules import may_see
        from marketplace.events import types

        types.register(*events.TYPES)
        files.register(SampleFile, lambda sample, actor: may_see(sample.listing, actor))
