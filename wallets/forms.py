"""What people type about their money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace.addresses import parse_address
from marketplace.errors import Invalid
from marketplace.html import ProseField, UsdcField
from marketplace.money import parse_usdc, readable_usdc
from marketplace.periods import end_of_day, end_of_month
from wallets.models import Account, Entry, Transfer

LAST_DAY = MaxValueValidator(date(2999, 12, 31))
BALANCES = [
    (Account.Kind.AVAILABLE.value, _("Available")),
    (Account.Kind.CLEARING.value, _("Clearing")),
    (Account.Kind.WITHDRAWING.value, _("On its way out")),
]


class LedgerForm(forms.Form):
    """What a ledger is narrowed by. Days and months are those of UTC."""

    account = forms.ChoiceField(required=False, choices=BALANCES, label=_("Balance"))
    kind = forms.ChoiceField(
        required=False, choices=[("", _("Everything")), *Transfer.Kind.choices], label=_("What happened")
    )
    month = forms.ChoiceField(required=False, label=_("Month"))
    since = forms.DateField(
        required=False, label=_("From"), validators=[LAST_DAY], widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        required=False, label=_("To"), validators=[LAST_DAY], widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    job = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, first: datetime, **kwargs: Any):
        """`first` is when the wallet's story begins."""
        super().__init__(*args, **kwargs)
        self.months = list(_months(first.date(), datetime.now(UTC).date()))
        choices = [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in self.months]
        self.fields["month"] = forms.ChoiceField(required=False, choices=[("", _("Any")), *choices])

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        since, until = typed.get("since"), typed.get("until")
        if since and until and until < since:
            self.add_error("until", _("Must not be before the first day."))
        return typed

    @property
    def kind_of_account(self) -> Account.Kind:
        """Which of the balances is looked at."""
        return Account.Kind(self.cleaned_data.get("account") or Account.Kind.AVAILABLE)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(self.cleaned_data.values())

    def narrow(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """Those that were asked for; what is not valid asks for nothing."""
        wanted = self.cleaned_data
        if wanted.get("kind"):
            entries = entries.filter(transfer__kind=wanted["kind"])
        if wanted.get("job"):
            entries = entries.filter(transfer__job=wanted["job"])
        if wanted.get("month"):
            month = date.fromisoformat(f"{wanted['month']}-01")
            entries = _within(entries, month, end_of_month(month))
        if wanted.get("since"):
            entries = _within(entries, wanted["since"])
        if wanted.get("until"):
            entries = _within(entries, None, end_of_day(wanted["until"]))
        return entries


def _within(entries: QuerySet[Entry], first: date | None, end: datetime | None = None) -> QuerySet[Entry]:
    if first is not None:
        entries = entries.filter(transfer__created_at__gte=datetime.combine(first, time.min, UTC))
    return entries if end is None else entries.filter(transfer__created_at__lt=end)


def _months(first: date, last: date) -> Iterator[date]:
    """The first days of the months from `last` back to `first`."""
    month = last.replace(day=1)
    while month >= first.replace(day=1):
        yield month
        month = (month - timedelta(days=1)).replace(day=1)


class DepositForm(forms.Form):
    """How much will be paid in."""

    amount = UsdcField(label=_("Amount"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        least, most = readable_usdc(settings.DEPOSIT_MINIMUM), readable_usdc(settings.DEPOSIT_MAXIMUM)
        self.fields["amount"].help_text = f"At least {least} and at most {most} USDC at once."


class WithdrawalForm(forms.Form):
    """How much goes out, and where to."""

    amount = UsdcField(label=_("Amount"))
    address = forms.CharField(
        max_length=100,
        label=_("To the address"),
        help_text=_("0x and 40 hexadecimal digits. Copy it from your wallet program rather than typing it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = f"At least {readable_usdc(settings.WITHDRAWAL_MINIMUM)} USDC."

    def clean_address(self) -> str:
        """In EIP-55 spelling."""
        try:
            return parse_address(self.cleaned_data["address"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.errors[0].message) from refusal

    def require_affordable(self, withdrawable: int) -> None:
        """Says beside the amount what is there (micro-USDC) if it is less. The ledger has the last word."""
        amount = self.cleaned_data.get("amount")
        if amount is not None and amount > withdrawable:
            self.add_error("amount", _("%(amount)s USDC can be withdrawn.") % {"amount": readable_usdc(withdrawable)})
        elif amount is not None and amount < settings.WITHDRAWAL_MINIMUM:
            self.add_error(
                "amount", _("Must be at least %(amount)s.") % {"amount": readable_usdc(settings.WITHDRAWAL_MINIMUM)}
            )


class ConfirmedWithdrawalForm(WithdrawalForm):
    """The same when it was looked over. The key was made for that look, so that twice sent is asked for once."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class SignedUsdcField(forms.CharField):
    """An amount of USDC to add, or to take with a minus in front; cleaned to micro-USDC."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace("−", "-")
        sign, number = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
        try:
            return sign * parse_usdc(number)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.errors[0].message) from refusal


class AdjustmentForm(forms.Form):
    """How an operator puts a wallet right. The key is made when the form is shown: twice sent is posted once."""

    amount = SignedUsdcField(
        max_length=40,
        label=_("Amount, USDC"),
        help_text=_("Added to the wallet; with a minus in front it is taken from it."),
    )
    reason = ProseField(
        rows=3,
        min_length=3,
        max_length=500,
        label=_("Reason"),
        help_text=_("The owner reads it in the ledger, where it stays for good."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
