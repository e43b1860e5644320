"""The private keys: of the hot wallet, and of the deposit addresses. Nothing here shows one, in errors neither."""

from functools import cached_property

from django.core.exceptions import ImproperlyConfigured
from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_account.signers.local import LocalAccount

# BIP-44: Ethereum's coin, the first account, addresses for others to pay to.
DEPOSIT_PATH = "m/44'/60'/0'/0/{number}"
# Numbers from here on mean hardened keys (BIP-32).
NUMBERS = 2**31


class Keys:
    """Made from the options of the rail. Raises ImproperlyConfigured, without the value, when one is first needed."""

    def __init__(self, *, hot_wallet_key: str, deposit_mnemonic: str) -> None:
        self._hot_wallet_key = hot_wallet_key
        self._deposit_mnemonic = deposit_mnemonic

    def __repr__(self) -> str:
        return "<Keys>"

    @cached_property
    def hot_wallet(self) -> LocalAccount:
        """Pays withdrawals and the gas of everything."""
        try:
            return Account.from_key(self._hot_wallet_key)
        except Exception:  # noqa: BLE001  (whatever it is, it may quote the key)
            raise ImproperlyConfigured("The rail's hot_wallet_key must be 64 hexadecimal digits.") from None

    @cached_property
    def _seed(self) -> bytes:
        try:
            return seed_from_mnemonic(self._deposit_mnemonic, "")
        except Exception:  # noqa: BLE001  (as above)
            raise ImproperlyConfigured("The rail's deposit_mnemonic must be a BIP-39 phrase.") from None

    def deposit_account(self, number: int) -> LocalAccount:
        """The account of the deposit address with that number, from 1."""
        if not 0 < number < NUMBERS:
            raise ValueError(f"A deposit address is numbered from 1 to {NUMBERS - 1}, not {number}.")
        return Account.from_key(key_from_seed(self._seed, DEPOSIT_PATH.format(number=number)))
