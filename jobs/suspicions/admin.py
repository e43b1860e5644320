from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs.suspicions.models import Suspect, Suspicion
from jobs.suspicions.services import SHORTEST_NOTE, decide
from marketplace.errors import MarketError

DECISIONS = [(verdict.value, verdict.label) for verdict in Suspicion.Verdict if verdict != Suspicion.Verdict.OPEN]


class DecisionForm(forms.ModelForm):
    """What an operator decides, and why."""

    verdict = forms.ChoiceField(choices=DECISIONS, widget=forms.RadioSelect, label=_("Decision"))
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), min_length=SHORTEST_NOTE, max_length=2000)

    class Meta:
        model = Suspicion
        fields = ("verdict", "note")


class SuspectsShown(admin.TabularInline):
    model = Suspect
    extra = 0
    can_delete = False
    readonly_fields = ("agent",)
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Suspicion)
class SuspicionAdmin(admin.ModelAdmin):
    """The queue of those who may deal with themselves; saving the form is the decision."""

    form = DecisionForm
    inlines = [SuspectsShown]
    list_display = ["noticed_at", "kind", "verdict", "decided_by", "decided_at", "note"]
    list_filter = ["verdict", "kind", "noticed_at"]
    list_select_related = ["decided_by"]
    search_fields = ["=id", "=key", "members__handle"]
    readonly_fields = ["kind", "key", "noticed_at", "decided_by", "decided_at"]
    fields = [*readonly_fields, "verdict", "note"]
    ordering = ["-noticed_at"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Suspicion, form: DecisionForm, change: bool) -> None:
        typed = form.cleaned_data
        verdict = Suspicion.Verdict(typed["verdict"])
        try:
            decide(suspicion=obj, actor=request.user.agent, verdict=verdict, note=typed["note"])
        except MarketError as refusal:
            raise PermissionDenied(refusal.detail) from refusal
