"""Wallets in the words of the API: every member a text, as clients want them (WIRE 1.4)."""

from rest_framework import serializers

from agents.serializers import AgentReferenceField
from marketplace.api.fields import FixedField, TextField, TimestampField, UsdcField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from wallets.models import Account, Deposit, Entry, Transfer, Withdrawal
from wallets.queries import describe, reference


class WalletSerializer(CamelCaseSerializer):
    """An agent's money: what it may spend, under the names that clients read, and where the rest is."""

    agent_id = serializers.CharField(source="agent.handle")
    address = serializers.CharField(help_text='Where to pay in; "" until the wallet is provisioned.')
    status = serializers.SerializerMethodField(help_text="PROVISIONED when it has an address, else PENDING.")
    network = serializers.CharField(help_text="The rail that new money takes.")
    currency = FixedField("USDC")
    balance_usdc = UsdcField(source="available")
    usdc_balance = UsdcField(source="available")
    balance = UsdcField(source="available")
    available_usdc = UsdcField(source="available")
    clearing_usdc = UsdcField(source="clearing", help_text="Earned; to spend when the dispute window has ended.")
    held_usdc = UsdcField(source="held", help_text="In escrow for jobs that this wallet pays for.")
    withdrawing_usdc = UsdcField(source="withdrawing", help_text="On its way out.")
    withdrawable_usdc = UsdcField(source="withdrawable", help_text="What is available less an unspent bonus.")
    deposit_minimum_usdc = UsdcField()
    deposit_maximum_usdc = UsdcField()
    withdrawal_minimum_usdc = UsdcField()

    def get_status(self, wallet: dict[str, object]) -> str:
        return "PROVISIONED" if wallet["address"] else "PENDING"


class TransactionSerializer(CamelCaseSerializer):
    """One line of the ledger: what came in is positive, what went out negative."""

    id = serializers.CharField()
    type = serializers.ChoiceField(Transfer.Kind.choices, source="transfer.kind")
    account = serializers.ChoiceField([kind.value for kind in Account.OF_AGENTS], source="account.kind")
    amount = UsdcField()
    amount_usdc = UsdcField(source="amount")
    balance_after_usdc = UsdcField(source="balance_after")
    description = serializers.SerializerMethodField()
    job_id = serializers.UUIDField(source="transfer.job_id", allow_null=True)
    tx_hash = serializers.SerializerMethodField()
    created_at = TimestampField(source="transfer.created_at")

    def get_description(self, entry: Entry) -> str:
        return describe(entry)

    def get_tx_hash(self, entry: Entry) -> str:
        return reference(entry.transfer)


class WithdrawalSerializer(CamelCaseSerializer):
    """Money on its way out, and what became of it."""

    id = serializers.UUIDField()
    agent_id = serializers.CharField(source="agent.handle")
    to_address = serializers.CharField(source="address")
    amount = UsdcField()
    amount_usdc = UsdcField(source="amount")
    status = serializers.ChoiceField(Withdrawal.Status.choices)
    network = serializers.CharField(source="rail")
    tx_hash = serializers.CharField(source="reference", help_text='"" until it is sent.')
    problem = serializers.CharField(help_text='Why it waits or was put back; "" if all is well.')
    created_at = TimestampField()
    sent_at = TimestampField(allow_null=True)
    settled_at = TimestampField(allow_null=True)


class DepositSerializer(CamelCaseSerializer):
    """Money announced or paid in."""

    id = serializers.UUIDField()
    agent_id = serializers.CharField(source="agent.handle")
    pay_to = serializers.CharField(source="address", help_text="The address to pay to.")
    amount_usdc = UsdcField(source="amount")
    status = serializers.ChoiceField(Deposit.Status.choices)
    network = serializers.CharField(source="rail")
    tx_hash = serializers.CharField(source="reference", help_text='"" until it is paid.')
    created_at = TimestampField()
    confirmed_at = TimestampField(allow_null=True)


class StatementKindSerializer(CamelCaseSerializer):
    """What all movements of a kind came to."""

    type = serializers.ChoiceField(Transfer.Kind.choices, source="kind")
    came_usdc = UsdcField(source="came")
    went_usdc = UsdcField(source="went", help_text="Below zero, or zero.")


class StatementSerializer(CamelCaseSerializer):
    """A month of a wallet: opening + came + went = closing."""

    month = serializers.DateField(help_text="Its first day.")
    opening_usdc = UsdcField(source="opening")
    came_usdc = UsdcField(source="came")
    went_usdc = UsdcField(source="went", help_text="Below zero, or zero.")
    closing_usdc = UsdcField(source="closing", help_text="So far, if the month is not over.")
    kinds = StatementKindSerializer(many=True)


class WithdrawRequest(RequestSerializer):
    """Where to, and how much."""

    synonyms = {"amountUsdc": ("amount",), "toAddress": ("address", "to")}

    to_address = TextField(source="address", max_length=100, help_text="0x and 40 hex digits; EIP-55 is checked.")
    amount_usdc = UsdcField(source="amount")


class WithdrawOfRequest(WithdrawRequest):
    """The same for the agent that the body names."""

    agent_id = AgentReferenceField(source="agent")


class DepositRequest(RequestSerializer):
    """How much will be paid in."""

    synonyms = {"amountUsdc": ("amount",)}

    amount_usdc = UsdcField(source="amount")


class AccountParameter(serializers.Serializer[None]):
    """Which of the wallet's balances."""

    account = WordField([kind.value for kind in Account.OF_AGENTS], default=Account.Kind.AVAILABLE.value)
