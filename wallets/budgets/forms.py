"""What owners type about the budgets of their agents."""

from typing import Any

from django import forms

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
            raise forms.ValidationError(f"A category has at most {LONGEST_CATEGORY} characters.")
        return categories


class BudgetForm(forms.Form):
    """The caps of a budget, and what it is for."""

    per_job = UsdcField(label="At most for one job")
    daily = UsdcField(label="At most in a day", help_text="Days are those of UTC.")
    monthly = UsdcField(label="At most in a calendar month")
    categories = CategoriesField(
        max_length=3000,
        required=False,
        label="Only for jobs of these categories",
        help_text="Between commas; empty: any category.",
    )

    @classmethod
    def first_values(cls, budget: BudgetAuthorization | None) -> dict[str, Any]:
        """What the form shows before anything is typed."""
        return {name: getattr(budget, name) for name in (*CAP_NAMES, "categories")} if budget else {}
