"""What the hot wallet has signed. A nonce belongs to one purpose for ever, and no signed bytes are ever forgotten."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from wallets.models import DepositAddress, Withdrawal

WEI = "Wei per unit of gas."


class HotWallet(models.Model):
    """The account that pays withdrawals on a chain. Its row is locked while a nonce is taken."""

    id = models.BigAutoField(primary_key=True)
    chain_id = models.BigIntegerField()
    address = models.CharField(max_length=42, help_text="EIP-55.")
    next_nonce = models.BigIntegerField()
    max_fee = models.BigIntegerField(help_text=f"{WEI} The going price when it was last looked at.")
    priority_fee = models.BigIntegerField(help_text=f"{WEI} The going tip when it was last looked at.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "address"], name="hot_wallet_once_per_chain"),
            models.CheckConstraint(condition=Q(next_nonce__gte=0), name="hot_wallet_nonce_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.address} on chain {self.chain_id}"


class ChainTransaction(models.Model):
    """One nonce of a hot wallet and what it is for: to pay a withdrawal, or to fetch what was paid in.

    Of its signatures at most one can ever be mined, as they share the nonce.
    """

    id = models.BigAutoField(primary_key=True)
    hot_wallet = models.ForeignKey(HotWallet, models.PROTECT, related_name="transactions")
    nonce = models.BigIntegerField()
    withdrawal = models.OneToOneField(
        Withdrawal, models.PROTECT, null=True, blank=True, related_name="chain_transaction"
    )
    deposit_address = models.ForeignKey(
        DepositAddress, models.PROTECT, null=True, blank=True, related_name="sweeps", help_text="Swept by it."
    )
    token = models.CharField(max_length=42, help_text="EIP-55; what is called.")
    data = models.BinaryField(help_text="The call.")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it had its confirmations.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hot_wallet", "nonce"], name="chain_transaction_nonce_once"),
            models.CheckConstraint(
                condition=Q(withdrawal__isnull=False, deposit_address=None)
                | Q(withdrawal=None, deposit_address__isnull=False),
                name="chain_transaction_has_one_purpose",
            ),
            models.UniqueConstraint(
                fields=["deposit_address"], condition=Q(settled_at=None), name="chain_transaction_one_sweep_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["hot_wallet", "nonce"], condition=Q(settled_at=None), name="chain_transaction_open"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_chain_transactions", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_chain_transactions", exclude=["settled_at"]),
        ]

    def __str__(self) -> str:
        return f"nonce {self.nonce} of {self.hot_wallet_id}"


class SignedTransaction(models.Model):
    """Bytes that the hot wallet signed, stored before anybody sees them. A later one replaces the earlier ones."""

    id = models.BigAutoField(primary_key=True)
    transaction = models.ForeignKey(ChainTransaction, models.PROTECT, related_name="signatures")
    hash = models.CharField(max_length=66, unique=True)
    raw = models.BinaryField(help_text="Empty for one that an operator found on the chain.")
    gas = models.BigIntegerField()
    max_fee = models.BigIntegerField(help_text=WEI)
    priority_fee = models.BigIntegerField(help_text=WEI)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    broadcast_at = models.DateTimeField(null=True, blank=True, help_text="When a node first took it.")

    class Meta:
        triggers = [
            pgtrigger.Protect(name="keep_signed_transactions", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_signed_transactions", exclude=["broadcast_at"]),
        ]

    def __str__(self) -> str:
        return self.hash
