from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """Where the money is: accounts, transfers, escrow."""

    name = "wallets"

    def ready(self) -> None:
        from marketplace.events import types
        from wallets import events, receivers  # noqa: F401

        types.register(*events.TYPES)
