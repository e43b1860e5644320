from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """Where the money is: accounts, transfers, escrow."""

    name = "wallets"

    def ready(self) -> None:
        from wallets import receivers  # noqa: F401
