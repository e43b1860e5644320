from django.apps import AppConfig
from django.db.models.signals import post_save


class HaltsConfig(AppConfig):
    """What operators have stopped: new jobs, new bids, withdrawals or everything, for one agent or for the site."""

    name = "agents.halts"
    label = "halts"

    def ready(self) -> None:
        from agents.halts import events, site
        from agents.halts.models import Halt
        from marketplace.events import types

        types.register(*events.TYPES)
        post_save.connect(site.forget, sender=Halt, dispatch_uid="halts of the site")
