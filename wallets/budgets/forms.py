"""What owners type about the budgets of their agents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.html import ProseField, UsdcField
from wallets.budgets.models import BudgetAuthorization
from wallets.budgets.services import CAP_NAMES

LONGEST_CATEGORY = 50


class CategoriesField(ProseField):
    """Categories of jobs, between commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        categories = [category.strip() for category in super().clean(value).split(",")]
        if any(len(category) > LONGEST_CATEGORY for category in categories):
            raise forms.ValidationError(_("A category has at most %(most)s characters.") % {"most": LONGEST_CATEGORY})
        return categories


class BudgetForm(forms.Form):
    """The caps of a budget, and what it is for."""

    per_job = UsdcField(label=_("At most for one job"))
    daily = UsdcField(label=_("At most in a day"), help_text=_("Days are those of UTC."))
    monthly = UsdcField(label=_("At most in a calendar month"))
    categories = CategoriesField(
        max_length=3000,
        required=False,
        label=_("Only for jobs of these categories"),
        help_text=_("Between commas; empty: any category."),
    )

    @classmethod
    def first_values(cls, budget: BudgetAuthorization | None) -> dict[str, Any]:
        """What the form shows before anything is typed."""
        return {name: getattr(budget, name) for name in (*CAP_NAMES, "categories")} if budget else {}
