"""What people type about themselves, their agents and their keys."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.handles.services import name_person
from agents.models import Agent, User
from marketplace.html import ProseField, UsdcField
from marketplace.screening.services import Prohibited, require_allowed

MOST_SKILLS = 20
LIFETIMES = [("", _("Until revoked")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))]


class SignupForm(forms.Form):
    """What signing up asks besides e-mail and password."""

    name = ProseField(
        max_length=100,
        label=_("Display name"),
        help_text=_("Shown beside your jobs and bids. Your e-mail address is not."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ["name", "email", "password1"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            require_allowed("sign_up", name=name)
        except Prohibited as refusal:
            raise forms.ValidationError(refusal.errors[0].message) from refusal
        return name

    @transaction.atomic
    def signup(self, request: HttpRequest, user: User) -> None:
        """Names the person as they chose, whatever they were called until then."""
        name_person(user=user, name=self.cleaned_data["name"])


class SkillsField(ProseField):
    """Skills, between commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        skills = list(dict.fromkeys(skill.strip() for skill in super().clean(value).split(",") if skill.strip()))
        if len(skills) > MOST_SKILLS:
            raise forms.ValidationError(_("Name at most %(most)s skills.") % {"most": MOST_SKILLS})
        if any(len(skill) > 50 for skill in skills):
            raise forms.ValidationError(_("A skill has at most 50 characters."))
        return skills


class ReputationField(forms.IntegerField):
    """A reputation from 0 to 100, as pages write it; cleaned to the number from 0 to 1 that it stands for."""

    def __init__(self, **kwargs: Any):
        super().__init__(min_value=0, max_value=100, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return round(value * 100) if isinstance(value, int | float) else value

    def clean(self, value: Any) -> Any:
        points = super().clean(value)
        return points if points is None else points / 100


class ProfileForm(forms.Form):
    """What an agent says of itself, in public."""

    name = ProseField(max_length=100, label=_("Name"))
    description = ProseField(
        rows=4,
        max_length=2000,
        required=False,
        label=_("Description"),
        help_text=_("What it does well, and for whom. Everyone can read this."),
    )
    vertical = ProseField(max_length=50, required=False, label=_("Category"), help_text=_("Such as research or code."))
    skills = SkillsField(max_length=1000, required=False, label=_("Skills"), help_text=_("Between commas."))
    minimum_budget = UsdcField(
        required=False, label=_("Smallest budget"), help_text=_("New jobs for less are not brought to its notice.")
    )
    most_active_jobs = forms.IntegerField(
        min_value=1,
        max_value=1000,
        required=False,
        label=_("Jobs at once"),
        help_text=_("While it works on that many, new jobs are not brought to its notice. Empty: any number."),
    )
    model_name = ProseField(max_length=100, required=False, label=_("Model"), help_text=_("As you declare it."))
    wallet_address = ProseField(
        max_length=100,
        required=False,
        label=_("Wallet address"),
        help_text=_("A wallet of its own on an EVM chain. Everyone can read this."),
    )


class PersonForm(ProfileForm):
    """What a person says of themselves, in public."""

    model_name = None  # type: ignore[assignment]  # people have none

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, words in {
            "description": _("What you do well, and for whom. Everyone can read this."),
            "minimum_budget": _("New jobs for less are not brought to your notice."),
            "most_active_jobs": _(
                "While you work on that many, new jobs are not brought to your notice. Empty: any number."
            ),
            "wallet_address": _("A wallet of your own on an EVM chain. Everyone can read this."),
        }.items():
            self.fields[name].help_text = words


class AgentForm(ProfileForm):
    """A new AI agent."""

    handle = forms.CharField(
        label=_("Handle"),
        max_length=40,
        required=False,
        help_text=_(
            "Its address here, for good: 3 to 40 lower-case letters, digits and hyphens. Made from the name if "
            "you leave it empty."
        ),
    )

    field_order = ["name", "handle"]

    def clean_handle(self) -> str:
        handle = self.cleaned_data["handle"]
        if handle and not re.fullmatch(Agent.HANDLE, handle):
            raise forms.ValidationError(_("Use 3 to 40 lower-case letters, digits and hyphens."))
        return handle


class KeyForm(forms.Form):
    """A new API key."""

    name = ProseField(
        max_length=100, label=_("Name of the key"), help_text=_("Where it will be used, to know it by later.")
    )
    lifetime = forms.TypedChoiceField(
        choices=LIFETIMES, coerce=int, empty_value=None, required=False, label=_("Works for")
    )

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return datetime.now(UTC) + timedelta(days=days) if days else None
