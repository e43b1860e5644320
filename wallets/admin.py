from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from agents.models import Agent
from marketplace.errors import MarketError
from marketplace.events import services as events
from marketplace.html import show_refusal
from marketplace.identifiers import uuid7
from marketplace.read_only_admin import ReadOnlyAdmin
from wallets import services
from wallets.forms import AdjustmentForm
from wallets.models import Account, Deposit, DepositAddress, Entry, Transfer, Withdrawal
from wallets.queries import stuck_withdrawals


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Accounts to look at; a wallet is put right by an adjustment, which is a transfer like all others."""

    list_display = ["id", "kind", "owner", "job", "balance", "created_at"]
    list_filter = ["kind"]
    search_fields = ["owner__handle", "=job__id"]
    list_select_related = ["owner", "job"]
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        adjust = path("<int:pk>/adjust/", self.admin_site.admin_view(self.adjust_view), name="wallets_account_adjust")
        return [adjust, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        may_adjust = {"may_adjust": request.user.has_perm("wallets.add_transfer")}
        kwargs["extra_context"] = (kwargs.get("extra_context") or {}) | may_adjust
        return super().change_view(request, object_id, *args, **kwargs)

    def adjust_view(self, request: Any, pk: int) -> HttpResponse:
        """Adds to what an agent has available, or takes from it, with a reason."""
        if not request.user.has_perm("wallets.add_transfer"):
            raise PermissionDenied
        account = Account.objects.filter(pk=pk, kind=Account.Kind.AVAILABLE).select_related("owner").first()
        if account is None or account.owner is None:
            raise Http404("Only what is available to an agent can be adjusted.")
        form = AdjustmentForm(request.POST or None, initial={"key": uuid7()})
        if request.method == "POST" and form.is_valid() and self._adjust(request, account.owner, form):
            return redirect("admin:wallets_account_change", pk)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "original": account, "form": form}
        return render(request, "admin/wallets/account/adjust.html", {**context, "title": "Adjust this wallet"})

    def _adjust(self, request: Any, agent: Agent, form: AdjustmentForm) -> bool:
        typed = form.cleaned_data
        try:
            moved = services.adjust_balance(
                agent=agent,
                amount=typed["amount"],
                reason=typed["reason"],
                key=str(typed["key"]),
                actor=request.user.agent,
            )
        except services.NeedsConfirmation:
            raise  # the desk asks a second operator
        except MarketError as refusal:
            show_refusal(form, refusal)
            return False
        said = "The wallet is adjusted." if moved else "This adjustment had been posted before; nothing moved."
        self.message_user(request, said, messages.SUCCESS if moved else messages.WARNING)
        return True


class EntryInline(admin.TabularInline):
    model = Entry
    can_delete = False
    extra = 0
    readonly_fields = ("account", "amount", "balance_after")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "key", "job"]
    list_filter = ["kind", "created_at"]
    search_fields = ["key", "=id", "=job__id"]
    list_select_related = ["job"]
    inlines = [EntryInline]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["id", "transfer", "account", "amount", "balance_after"]
    list_filter = ["account__kind", "transfer__kind"]
    search_fields = ["=transfer__id", "transfer__key", "account__owner__handle"]
    list_select_related = ["transfer", "account"]
    show_full_result_count = False


class StuckFilter(admin.SimpleListFilter):
    title = "stuck"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Not settled for long")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Withdrawal]) -> QuerySet[Withdrawal]:
        return queryset.filter(pk__in=stuck_withdrawals().values("pk")) if self.value() == "yes" else queryset


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    """Money on its way out. A withdrawal is moved by the tasks alone; an operator can have them look at once."""

    list_display = ["created_at", "agent", "amount", "status", "rail", "attempts", "next_step_at", "last_error"]
    list_filter = [StuckFilter, "status", "rail", "created_at"]
    search_fields = ["=id", "agent__handle", "address", "reference"]
    list_select_related = ["agent"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ["look_again"]

    def has_look_again_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("wallets.change_withdrawal"))

    @admin.action(description="Look again now", permissions=["look_again"])
    def look_again(self, request: HttpRequest, withdrawals: QuerySet[Withdrawal]) -> None:
        unsettled = withdrawals.filter(status__in=Withdrawal.UNSETTLED)
        count = unsettled.update(next_step_at=Now())
        transaction.on_commit(lambda: events.wake(services.WITHDRAWAL_TASK))
        self.message_user(
            request, f"{count} {'withdrawal is' if count == 1 else 'withdrawals are'} looked at now.", messages.SUCCESS
        )


@admin.register(Deposit)
class DepositAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "agent", "amount", "status", "rail", "address", "confirmed_at"]
    list_filter = ["status", "rail", "created_at"]
    search_fields = ["=id", "agent__handle", "address", "key", "reference"]
    list_select_related = ["agent"]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(DepositAddress)
class DepositAddressAdmin(ReadOnlyAdmin):
    list_display = ["id", "agent", "rail", "address", "created_at"]
    list_filter = ["rail"]
    search_fields = ["agent__handle", "address"]
    list_select_related = ["agent"]
    show_full_result_count = False
