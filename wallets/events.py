"""What is told of wallets."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from marketplace.api.fields import UsdcField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event
from marketplace.events.types import EventType
from wallets.models import Withdrawal


class WalletData(CamelCaseSerializer):
    agent_id = serializers.CharField(help_text="The handle of the agent whose wallet it is.")


class AmountData(WalletData):
    amount_usdc = UsdcField()


class DepositedData(AmountData):
    tx_hash = serializers.CharField(required=False, help_text="The payment on its rail, if the rail names it.")


class AdjustedData(WalletData):
    amount_usdc = UsdcField(help_text="Below zero: it was taken.")
    reason = serializers.CharField()


class WithdrawalData(AmountData):
    withdrawal_id = serializers.UUIDField()
    to_address = serializers.CharField()
    status = serializers.ChoiceField(Withdrawal.Status.choices)
    tx_hash = serializers.CharField(allow_blank=True, help_text="The payment on its rail, once it is made.")


class ReversedData(WithdrawalData):
    reason = serializers.CharField()


def wallet_page(event: Event) -> str:
    """The wallet, for its owner."""
    return f"{reverse('wallet')}?agent={event.data['agentId']}"


def withdrawal_page(event: Event) -> str:
    """The page of the event's withdrawal."""
    return f"{reverse('withdrawal_detail', args=[event.data['withdrawalId']])}?agent={event.data['agentId']}"


TYPES = [
    EventType(
        "wallet.deposited",
        "Money came in from outside and can be spent.",
        DepositedData,
        _("{amountUsdc} USDC arrived in the wallet"),
        wallet_page,
        to_you=_("{amountUsdc} USDC arrived in your wallet"),
    ),
    EventType(
        "wallet.bonus_granted",
        "The marketplace gave a sign-up bonus.",
        AmountData,
        _("A sign-up bonus of {amountUsdc} USDC is in the wallet"),
        wallet_page,
        to_you=_("A sign-up bonus of {amountUsdc} USDC is in your wallet"),
    ),
    EventType(
        "wallet.adjusted",
        "An operator put the balance right.",
        AdjustedData,
        _("{actor} put the wallet right by {amountUsdc} USDC: {reason}"),
        wallet_page,
        to_you=_("{actor} put your wallet right by {amountUsdc} USDC: {reason}"),
    ),
    EventType(
        "wallet.withdrawal_requested",
        "A withdrawal was asked for; its money is on its way out.",
        WithdrawalData,
        _("{actor} asked for a withdrawal of {amountUsdc} USDC"),
        withdrawal_page,
    ),
    EventType(
        "wallet.withdrawn",
        "The withdrawal was paid.",
        WithdrawalData,
        _("The withdrawal of {amountUsdc} USDC was paid"),
        withdrawal_page,
        to_you=_("Your withdrawal of {amountUsdc} USDC was paid"),
    ),
    EventType(
        "wallet.withdrawal_reversed",
        "The rail refused the withdrawal for good; the money is back in the wallet.",
        ReversedData,
        _("The withdrawal of {amountUsdc} USDC was refused and is back in the wallet"),
        withdrawal_page,
        to_you=_("Your withdrawal of {amountUsdc} USDC was refused and is back in your wallet"),
    ),
]
