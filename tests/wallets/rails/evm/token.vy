# pragma version ^0.4.0
"""
What the rail needs of USDC: ERC-20 with six decimals, transfers by signature (EIP-3009), and an issuer who may bar
addresses and pause everything.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

name: public(constant(String[16])) = "USD Coin"
symbol: public(constant(String[4])) = "USDC"
version: public(constant(String[1])) = "2"
decimals: public(constant(uint8)) = 6

DOMAIN: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
AUTHORIZATION: constant(bytes32) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)

issuer: immutable(address)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
barred: public(HashMap[address, bool])
authorizationState: public(HashMap[address, HashMap[bytes32, bool]])


@deploy
def __init__():
    issuer = msg.sender


@external
def mint(receiver: address, amount: uint256):
    assert msg.sender == issuer, "not the issuer"
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, amount=amount)


@external
def bar(account: address):
    assert msg.sender == issuer, "not the issuer"
    self.barred[account] = True


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert not self.barred[sender] and not self.barred[receiver], "barred"
    assert self.balanceOf[sender] >= amount, "transfer amount exceeds balance"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, amount=amount)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._move(msg.sender, receiver, amount)
    return True


@external
def transfer_to_many(receivers: DynArray[address, 16], amount: uint256):
    for receiver: address in receivers:
        self._move(msg.sender, receiver, amount)


@external
def transferWithAuthorization(
    sender: address,
    receiver: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    assert block.timestamp > valid_after, "not yet valid"
    assert block.timestamp < valid_before, "expired"
    assert not self.authorizationState[sender][nonce], "used"
    domain: bytes32 = keccak256(
        abi_encode(DOMAIN, keccak256(name), keccak256(version), chain.id, self)
    )
    message: bytes32 = keccak256(
        abi_encode(AUTHORIZATION, sender, receiver, amount, valid_after, valid_before, nonce)
    )
    signer: address = ecrecover(keccak256(concat(b"\x19\x01", domain, message)), convert(v, uint256), convert(r, uint256), convert(s, uint256))
    assert signer == sender and signer != empty(address), "invalid signature"
    self.authorizationState[sender][nonce] = True
    self._move(sender, receiver, amount)
