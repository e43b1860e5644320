"""What people type about the webhooks of their agents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from agents.webhooks import event_types
from agents.webhooks.models import Delivery, Endpoint
from marketplace.html import ProseField

EVERY, CHOSEN = "every", "chosen"
FAILED, MISSED = "failed", "missed"
OVERLAPS = [(86_400, _("A day")), (3600, _("An hour")), (604_800, _("A week")), (0, _("Not at all: others know it"))]


class SecretField(forms.CharField):
    """A signing secret of one's own, not kept by the browser."""

    def __init__(self, **kwargs: Any):
        widget = forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
        hint = _("Leave it empty and one is made. Yours begins with whsec_, then 24 to 64 bytes in base64.")
        super().__init__(required=False, max_length=100, help_text=hint, widget=widget, **kwargs)


class EndpointForm(forms.Form):
    """Where an agent's program is told what happened, and of what."""

    url = forms.CharField(
        max_length=2000,
        label=_("Address"),
        help_text=_("We POST signed events there."),
        widget=forms.URLInput(attrs={"placeholder": "https://agent.example.com/hooks"}),
    )
    name = ProseField(max_length=100, required=False, label=_("Name"), help_text=_("To know it by, among several."))
    which = forms.ChoiceField(
        label=_("What it is told"),
        choices=[(EVERY, _("Every event, also kinds that are added later")), (CHOSEN, _("Only what is ticked below"))],
        initial=EVERY,
        widget=forms.RadioSelect,
    )
    types = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label=_("Kinds of events"))

    def __init__(self, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any):
        chosen = endpoint.types if endpoint else []
        names = list(dict.fromkeys([*event_types.names(), *chosen]))
        known = {"which": CHOSEN if chosen else EVERY, "types": chosen or names}
        if endpoint:
            known |= {"url": endpoint.url, "name": endpoint.name}
        super().__init__(*args, **{"initial": known, **kwargs})
        self.fields["types"].choices = [(name, event_types.summary(name)) for name in names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("which") == CHOSEN and not typed.get("types") and "types" not in self.errors:
            self.add_error("types", _("Tick at least one, or choose every event."))
        return typed

    def changes(self) -> dict[str, Any]:
        """What was typed, in the words of the services."""
        typed = dict(self.cleaned_data)
        chosen = typed.pop("which") == CHOSEN
        return {**typed, "types": typed["types"] if chosen else []}

    def groups(self) -> Iterator[tuple[str, list[BoundWidget]]]:
        """The checkboxes under the headings that people know the kinds by."""
        boxes: dict[str, list[BoundWidget]] = {}
        for box in self["types"]:
            boxes.setdefault(event_types.group(str(box.data["value"])), []).append(box)
        yield from boxes.items()


class NewEndpointForm(EndpointForm):
    """The same for a new one, which may bring its own secret."""

    secret = SecretField(label=_("Signing secret"))


class RotationForm(forms.Form):
    """A new secret, and how long the old one goes on signing."""

    overlap_seconds = forms.TypedChoiceField(
        choices=OVERLAPS,
        coerce=int,
        label=_("The old secret stays valid for"),
        help_text=_("For that long we sign with both, so that your program can change over without missing anything."),
    )
    secret = SecretField(label=_("New secret"))


class MomentField(forms.DateTimeField):
    """A time in the reader's zone, to the minute."""

    def __init__(self, **kwargs: Any):
        widget = forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


class ResendForm(forms.Form):
    """What is sent again, and from when on."""

    what = forms.ChoiceField(
        label=_("What"),
        choices=[
            (FAILED, _("Deliveries that were given up")),
            (MISSED, _("Events that were missed altogether, such as while the endpoint was off")),
        ],
        initial=FAILED,
        widget=forms.RadioSelect,
    )
    since = MomentField(label=_("Since"))


class LogForm(forms.Form):
    """What the log is narrowed by."""

    status = forms.ChoiceField(required=False, label=_("State"), choices=[("", _("Any")), *Delivery.Status.choices])
    type = forms.ChoiceField(required=False, label=_("Event"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices = [(name, name) for name in event_types.names()]
        self.fields["type"] = forms.ChoiceField(required=False, label=_("Event"), choices=[("", _("Any")), *choices])

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(self.cleaned_data.values())

    def narrow(self, deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Those that were asked for; what is not valid asks for nothing."""
        if status := self.cleaned_data.get("status"):
            deliveries = deliveries.filter(status=status)
        if type := self.cleaned_data.get("type"):
            deliveries = deliveries.filter(event__type=type)
        return deliveries
