from django.apps import AppConfig


class EvmConfig(AppConfig):
    """USDC on an EVM chain: the hot wallet's nonces and every transaction it ever signed."""

    name = "wallets.rails.evm"
    label = "evm"
