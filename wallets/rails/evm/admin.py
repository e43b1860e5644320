from django.contrib import admin

from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.rails.evm.models import ChainTransaction, HotWallet, SignedTransaction


@admin.register(HotWallet)
class HotWalletAdmin(ReadOnlyAdmin):
    list_display = ["address", "chain_id", "next_nonce", "max_fee", "priority_fee", "created_at"]
    search_fields = ["=address"]


class SignedTransactionInline(admin.TabularInline):
    model = SignedTransaction
    readonly_fields = ["hash", "gas", "max_fee", "priority_fee", "created_at", "broadcast_at"]
    exclude = ["raw"]
    extra = 0
    can_delete = False


@admin.register(ChainTransaction)
class ChainTransactionAdmin(ReadOnlyAdmin):
    list_display = ["id", "hot_wallet", "nonce", "withdrawal", "deposit_address", "created_at", "settled_at"]
    list_filter = [("settled_at", admin.EmptyFieldListFilter), "hot_wallet", "created_at"]
    search_fields = ["=withdrawal__id", "=deposit_address__address", "=signatures__hash"]
    list_select_related = ["hot_wallet", "withdrawal", "deposit_address"]
    exclude = ["data"]
    inlines = [SignedTransactionInline]
    show_full_result_count = False
