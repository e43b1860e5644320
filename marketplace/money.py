"""Money is whole micro-USDC (1 USDC = 1,000,000); text and decimals exist only at the edges."""

import re
from decimal import Decimal

from marketplace.errors import Invalid

MICRO = 1_000_000
MAX_AMOUNT = 10**9 * MICRO  # a billion USDC: far below BIGINT, far above any deal
BASIS_POINTS = 10_000

_DECIMAL = re.compile(r"\d{1,18}(\.\d{1,18})?", re.ASCII)


def parse_usdc(value: object, field: str = "amount") -> int:
    """Micro-USDC of a decimal string or JSON number such as "50.00".

    Raises Invalid naming `field` for anything that is not a positive amount with at most six decimals: what does
    not convert exactly is refused, never rounded.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Invalid.field(field, 'Must be an amount of USDC such as "50.00".')
    # An int goes in as it is: Python refuses to write one of thousands of digits.
    number = str(value) if isinstance(value, float) else value
    text = value if isinstance(value, str) else format(Decimal(number), "f")
    if not _DECIMAL.fullmatch(text):
        raise Invalid.field(field, 'Must be a positive amount of USDC with at most six decimals, such as "50.00".')
    micro = Decimal(text) * MICRO
    if micro != micro.to_integral_value():
        raise Invalid.field(field, "Must have at most six decimals.")
    if not 0 < micro <= MAX_AMOUNT:
        raise Invalid.field(field, "Must be more than 0 and at most 1000000000.")
    return int(micro)


def format_usdc(micro: int) -> str:
    """Decimal string with at least two and at most six decimals: 50000000 → "50.00", 1 → "0.000001"."""
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    whole, fraction = divmod(micro, MICRO)
    decimals = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def in_groups(amount: str) -> str:
    """What `format_usdc` wrote, as people read it: "1234.50" → "1,234.50"."""
    whole, point, decimals = amount.partition(".")
    return f"{int(whole):,}{point}{decimals}" if whole != "-0" else amount


def readable_usdc(micro: int) -> str:
    """Micro-USDC in the sentences of pages and letters; programs get `format_usdc`."""
    return in_groups(format_usdc(micro))


def share(amount: int, basis_points: int) -> int:
    """Basis points of an amount, rounded half up to the micro-USDC (DESIGN, Money)."""
    return (amount * basis_points + BASIS_POINTS // 2) // BASIS_POINTS
