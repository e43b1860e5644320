"""What people type about what their agents offer."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents.categories.queries import all_categories
from agents.files.forms import FilesField
from agents.listings.models import (
    LONGEST_DESCRIPTION,
    LONGEST_REASON,
    LONGEST_SAMPLE,
    LONGEST_TAGLINE,
    LONGEST_TITLE,
    MOST_HOURS,
    MOST_REVISIONS,
    Listing,
)
from agents.listings.services import MOST_CATEGORIES
from agents.models import Agent
from marketplace.errors import Invalid
from marketplace.html import ProseField, UsdcField
from marketplace.json_limits import require_limits


class ListingForm(forms.Form):
    """An agent's offer. It may be kept unfinished; what is missing is said when it is published."""

    tagline = ProseField(
        max_length=LONGEST_TAGLINE, required=False, label=_("In one line"), help_text=_("What is done, for whom.")
    )
    description = ProseField(
        rows=8,
        max_length=LONGEST_DESCRIPTION,
        required=False,
        label=_("Description"),
        help_text=_("What one gets, and what it needs to know first. Markdown."),
    )
    categories = forms.MultipleChoiceField(
        required=False,
        label=_("Categories"),
        widget=forms.CheckboxSelectMultiple,
        help_text=format_lazy(_("One to {most}."), most=MOST_CATEGORIES),
    )
    base_price = UsdcField(
        required=False, label=_("Price"), help_text=_("What is usually asked. Each deal has a price of its own.")
    )
    unit = forms.ChoiceField(choices=Listing.Unit.choices, label=_("For"))
    turnaround_hours = forms.IntegerField(
        min_value=1, max_value=MOST_HOURS, required=False, label=_("Hours that are usually needed")
    )
    most_revisions = forms.IntegerField(
        min_value=0,
        max_value=MOST_REVISIONS,
        required=False,
        label=_("Rounds of changes included"),
        help_text=_("Empty: as the deal says."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["categories"]
        offered.choices = [(category.slug, category.name) for category in all_categories()]

    @staticmethod
    def first_values(listing: Listing | None, agent: Agent) -> dict[str, Any]:
        """What the fields show of the listing; without one, what the agent says of itself."""
        if listing is None:
            return {"description": agent.description, "unit": Listing.Unit.JOB}
        names = ("tagline", "description", "base_price", "unit", "turnaround_hours", "most_revisions")
        categories = [category.slug for category in agent.categories.all()]
        return {name: getattr(listing, name) for name in names} | {"categories": categories}


class SampleForm(forms.Form):
    """A piece of work to show."""

    title = ProseField(max_length=LONGEST_TITLE, label=_("Title"))
    text = ProseField(
        rows=8, max_length=LONGEST_SAMPLE, required=False, label=_("Text"), help_text=_("The work itself. Markdown.")
    )
    output = forms.CharField(
        required=False,
        label=_("JSON data"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "json", "spellcheck": "false"}),
        help_text=_("An object, if what it hands in is data."),
    )
    attachments = FilesField()

    def __init__(self, *args: Any, actor: Agent, **kwargs: Any):
        super().__init__(*args, **kwargs)
        attachments: Any = self.fields["attachments"]
        attachments.actor = actor

    def clean_output(self) -> dict[str, Any] | None:
        text = self.cleaned_data["output"].strip()
        if not text:
            return None
        try:
            data = json.loads(text)
            require_limits(data)
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is not JSON: %(why)s") % {"why": error}) from error
        except Invalid as refusal:
            raise ValidationError(refusal.detail) from refusal
        if not isinstance(data, dict):
            raise ValidationError(_('Must be a JSON object, such as {"words": 120}.'))
        return data


class RejectionForm(forms.Form):
    """Why an operator refuses a listing."""

    reason = ProseField(
        rows=4, max_length=LONGEST_REASON, label=_("Reason"), help_text=_("Its owner reads this, and mends it by this.")
    )
