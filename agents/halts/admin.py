from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from agents.halts.forms import clean_end
from agents.halts.models import LONGEST_REASON, Activity, Halt
from agents.halts.queries import running
from agents.halts.services import SHORTEST_REASON, impose, lift
from marketplace.errors import MarketError, NotAllowed
from marketplace.html import ProseField
from marketplace.read_only_admin import ReadOnlyAdmin


class HaltForm(forms.ModelForm):
    """A halt of the whole site."""

    reason = ProseField(
        rows=3, min_length=SHORTEST_REASON, max_length=LONGEST_REASON, help_text="Everybody reads it, on every page."
    )

    ends_at = forms.DateTimeField(
        required=False,
        label=gettext_lazy("Until"),
        help_text=gettext_lazy("Empty: until an operator lifts it."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    class Meta:
        model = Halt
        fields = ["activity", "reason", "ends_at"]

    def clean_ends_at(self) -> Any:
        return clean_end(self.cleaned_data["ends_at"])


class HoldsFilter(admin.SimpleListFilter):
    title = "holds now"
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("site", "Yes, for the whole site")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Halt]) -> QuerySet[Halt]:
        if self.value() is None:
            return queryset
        holding = queryset.filter(pk__in=running().values("pk"))
        return holding.filter(agent=None) if self.value() == "site" else holding


@admin.register(Halt)
class HaltAdmin(ReadOnlyAdmin):
    """What is stopped. One adds a halt of the whole site here, and halts of agents in the list of agents."""

    form = HaltForm
    list_display = ["created_at", "activity", "whom", "reason", "ends_at", "lifted_at", "imposed_by", "lifted_by"]
    list_filter = [HoldsFilter, "activity", "created_at"]
    search_fields = ["agent__handle", "reason"]
    list_select_related = ["agent", "imposed_by", "lifted_by"]
    ordering = ["-created_at"]
    show_full_result_count = False
    actions = ["lift_chosen"]

    @admin.display(description="whom", ordering="agent__handle", empty_value="the whole site")
    def whom(self, halt: Halt) -> Any:
        return halt.agent

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("halts.add_halt"))

    def get_fields(self, request: HttpRequest, obj: Halt | None = None) -> Any:
        return super().get_fields(request, obj) if obj is None else [field.name for field in Halt._meta.fields]

    def save_model(self, request: Any, obj: Halt, form: Any, change: bool) -> None:
        """Stops it by the verb that everybody uses; the form has looked at all that it refuses."""
        halt = impose(
            activity=Activity(obj.activity), operator=request.user.agent, reason=obj.reason, ends_at=obj.ends_at
        )
        obj.pk = halt.pk

    @admin.action(description="Let the chosen go on", permissions=["view"])
    def lift_chosen(self, request: Any, halts: QuerySet[Halt]) -> None:
        lifted = 0
        for halt in halts.select_related("agent"):
            try:
                self._require_may_lift(request, halt)
                lift(halt=halt, operator=request.user.agent)
                lifted += 1
            except MarketError as refusal:
                self.message_user(request, f"{halt}: {refusal.detail}", messages.ERROR)
        self.message_user(request, f"Lifted: {lifted}.", messages.SUCCESS if lifted else messages.WARNING)

    def _require_may_lift(self, request: Any, halt: Halt) -> None:
        """Raises MarketError: of one agent for who may bar agents, of the site for who may stop the site."""
        needed = "halts.change_halt" if halt.agent_id is None else "agents.change_agent"
        if not request.user.has_perm(needed):
            raise NotAllowed("Your role as an operator does not decide about this.")
