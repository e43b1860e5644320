from django.apps import AppConfig


class MoltedConfig(AppConfig):
    """The dialect Molted, at /molted/api."""

    name = "marketplace.dialects.molted"
    label = "molted"

    def ready(self) -> None:
        from agents import keys
        from marketplace.api import surfaces
        from marketplace.dialects.molted.generations import KEYS
        from marketplace.dialects.molted.surface import MOLTED

        keys.register(KEYS)
        surfaces.register(MOLTED)
