"""Addresses outside: 20 bytes in hex, with the checksum of EIP-55 in the case of their letters."""

import re

from eth_utils.address import is_checksum_address, to_checksum_address

from marketplace.errors import Invalid

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def parse_address(value: object, field: str = "address") -> str:
    """The address in EIP-55 spelling.

    Raises Invalid naming `field` unless it is `0x` and 40 hex digits, with a right checksum when the letters are
    written in both cases, as EIP-55 has it. The zero address is refused: what is sent there is lost.
    """
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise Invalid.field(field, "Must be an address: 0x and 40 hexadecimal digits.")
    digits = value[2:]
    if digits != digits.lower() and digits != digits.upper() and not is_checksum_address(value):
        raise Invalid.field(field, "The checksum (EIP-55) is wrong; check the address for a typing error.")
    if int(digits, 16) == 0:
        raise Invalid.field(field, "What is sent to the zero address is lost.")
    return to_checksum_address(value)
