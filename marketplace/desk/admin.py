"""The lists and pages of the desk. Doors are here, and what is done behind them in the modules beside this one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from agents.admin import AgentAdmin as PlainAgentAdmin
from agents.admin import ApiKeyAdmin as PlainApiKeyAdmin
from agents.avatars.services import forget_avatar
from agents.halts.models import Activity
from agents.halts.services import let_back
from agents.models import Agent, ApiKey
from agents.services import end_leaked_key
from disputes.appeals.models import Appeal
from disputes.appeals.queries import appeals_against, find_appeal, wallet_of
from disputes.appeals.rules import most_correction, require_reviewer
from disputes.evidence import ask
from disputes.models import Dispute
from disputes.queries import with_case, with_people
from disputes.rules import available_actions
from disputes.services import extend_phase
from marketplace.desk import adjustments, appeals, cases, suspensions
from marketplace.desk.acting import refuse
from marketplace.desk.exports import EXPORTS
from marketplace.desk.forms import AppealForm, HaltForm, NoteForm, QuestionForm, RulingForm
from marketplace.desk.models import Act, Adjustment, Wording
from marketplace.errors import MarketError
from marketplace.html import show_refusal
from marketplace.money import readable_usdc
from marketplace.read_only_admin import ReadOnlyAdmin
from wallets.admin import AccountAdmin as PlainAccountAdmin
from wallets.audit.story import money_story
from wallets.forms import AdjustmentForm
from wallets.models import Account
from wallets.services import NeedsConfirmation

# Disputes

# By what is left until a phase ends: how the queue shows it, in colour and in words.
URGENCY = [
    (timedelta(0), "over", gettext_lazy("(over)")),
    (timedelta(days=1), "soon", gettext_lazy("(within a day)")),
    (timedelta.max, "", ""),
]


class HolderFilter(admin.SimpleListFilter):
    title = "holder"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "Me"), ("nobody", "Nobody"), ("others", "Others")]

    def queryset(self, request: Any, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        mine = {"holding__holder": request.user.agent}
        match self.value():
            case "me":
                return queryset.filter(**mine)
            case "nobody":
                return queryset.filter(holding=None, status=Dispute.Status.OPEN)
            case "others":
                return queryset.filter(holding__isnull=False).exclude(**mine)
        return queryset


class DueFilter(admin.SimpleListFilter):
    title = "deadline"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("over", "Over"), ("ahead", "Ahead")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        match self.value():
            case "over":
                return queryset.filter(phase_ends_at__lte=Now())
            case "ahead":
                return queryset.filter(phase_ends_at__gt=Now())
        return queryset


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """The queue of disputes, what is due first, and each as a case with one form to rule."""

    list_display = ["due", "job", "phase", "at_stake", "holder", "status", "mediator", "category"]
    list_display_links = ["due", "job"]
    list_filter = ["status", "phase", HolderFilter, DueFilter, "category", "created_at"]
    search_fields = ["=id", "=job__id", "job__title", "job__poster__handle", "job__worker__handle", "reason"]
    ordering = [F("phase_ends_at").asc(nulls_last=True), "-id"]
    show_full_result_count = False
    actions = ["hold_chosen", "release_chosen"]
    change_list_template = "admin/disputes/dispute/queue.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        return with_people(super().get_queryset(request)).select_related("holding__holder")

    @admin.display(description="due", ordering="phase_ends_at", empty_value="ended")
    def due(self, dispute: Dispute) -> Any:
        if dispute.phase_ends_at is None:
            return None
        left = dispute.phase_ends_at - timezone.now()
        state, words = next((state, words) for limit, state, words in URGENCY if left <= limit)
        when = date_format(timezone.localtime(dispute.phase_ends_at), "Y-m-d H:i")
        return format_html('<span class="desk-due {}">{} {}</span>', state, when, words)

    @admin.display(description="at stake, USDC", ordering="job__price")
    def at_stake(self, dispute: Dispute) -> str:
        return readable_usdc(dispute.frozen)

    @admin.display(description="holder", ordering="holding__holder__name")
    def holder(self, dispute: Dispute) -> Agent | None:
        holding = getattr(dispute, "holding", None)
        return holding.holder if holding else None

    def has_rule_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("disputes.change_dispute"))

    @admin.action(description="Take the chosen cases", permissions=["rule"])
    def hold_chosen(self, request: Any, disputes: QuerySet[Dispute]) -> None:
        self._for_each(request, disputes, cases.hold)

    @admin.action(description="Release the chosen cases", permissions=["rule"])
    def release_chosen(self, request: Any, disputes: QuerySet[Dispute]) -> None:
        self._for_each(request, disputes, cases.release)

    def _for_each(self, request: Any, disputes: QuerySet[Dispute], verb: Callable[..., Any]) -> None:
        done = 0
        for dispute in disputes:
            try:
                verb(dispute=dispute, operator=request.user.agent)
                done += 1
            except MarketError as refusal:
                refuse(request, dispute)
                self.message_user(request, f"{dispute.job.title}: {refusal.detail}", messages.ERROR)
        said = ngettext("Done for %(number)d case.", "Done for %(number)d cases.", done) % {"number": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)

    def get_urls(self) -> list[URLPattern]:
        verbs = {
            "hold": self.hold_view,
            "release": self.release_view,
            "note": self.note_view,
            "ask": self.ask_view,
            "extend": self.extend_view,
            "rule": self.rule_view,
        }
        guard = self.admin_site.admin_view
        own = [
            path(f"<uuid:pk>/{verb}/", guard(require_POST(view)), name=f"disputes_dispute_{verb}")
            for verb, view in verbs.items()
        ]
        following = path("next/", guard(require_POST(self.next_view)), name="disputes_dispute_next")
        return [*own, following, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(
            request, {**(extra_context or {}), "may_rule": self.has_rule_permission(request)}
        )

    def change_view(self, request: Any, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The case. Nobody who has a hand in the deal sees what operators write about it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            dispute = self._find(UUID(object_id))
        except ValueError as error:
            raise Http404("There is no dispute with that id.") from error
        return self._show(request, dispute)

    def _find(self, pk: UUID) -> Dispute:
        dispute = with_case(Dispute.objects.filter(pk=pk)).select_related("holding__holder").first()
        if dispute is None:
            raise Http404("There is no dispute with that id.")
        return dispute

    def _show(self, request: Any, dispute: Dispute, **forms: Any) -> HttpResponse:
        operator = request.user.agent
        try:
            cases.require_no_hand(dispute, operator)
        except MarketError as refusal:
            raise PermissionDenied(refusal.detail) from refusal
        may_rule = self.has_rule_permission(request) and "resolve" in available_actions(dispute, operator)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": dispute.job.title,
            "dispute": dispute,
            "holding": getattr(dispute, "holding", None),
            "operator": operator,
            "stories": cases.stories(dispute),
            "course": cases.course(dispute),
            "money": money_story(dispute.job.pk),
            "rulings": cases.rulings(dispute),
            "appeals": appeals_against(dispute),
            "notes": cases.notes(dispute),
            "may_rule": may_rule,
            "may_ask": may_rule and "ask" in available_actions(dispute, operator),
            "may_extend": may_rule and "extend" in available_actions(dispute, operator),
            "may_note": self.has_rule_permission(request),
            "wordings": Wording.objects.all(),
            "ruling": self._ruling_begun(request, dispute),
            "note": NoteForm(auto_id="note_%s"),
            "question": QuestionForm(auto_id="question_%s"),
            **forms,
        }
        return render(request, "admin/disputes/dispute/case.html", context)

    def _ruling_begun(self, request: Any, dispute: Dispute) -> RulingForm:
        """The form, with the words of the wording that was chosen, to be changed."""
        chosen = request.GET.get("wording", "")
        wording = Wording.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
        begun = {"ground": wording.ground, "note": wording.text} if wording else {}
        return RulingForm(frozen=dispute.frozen, initial=begun)

    def _open_case(self, request: Any, pk: UUID) -> Dispute:
        if not self.has_rule_permission(request):
            raise PermissionDenied
        return self._find(pk)

    def _done(self, request: Any, dispute: Dispute, said: str) -> HttpResponse:
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:disputes_dispute_change", dispute.pk)

    def _try(self, request: Any, dispute: Dispute, said: str, verb: Callable[..., Any], **words: Any) -> HttpResponse:
        """Does it and goes back to the case, or says there why not."""
        try:
            verb(dispute=dispute, **words)
        except MarketError as refusal:
            refuse(request, dispute)
            self.message_user(request, refusal.detail, messages.ERROR)
            return redirect("admin:disputes_dispute_change", dispute.pk)
        return self._done(request, dispute, said)

    def hold_view(self, request: Any, pk: UUID) -> HttpResponse:
        """Assign to me."""
        dispute = self._open_case(request, pk)
        return self._try(request, dispute, _("The case is yours."), cases.hold, operator=request.user.agent)

    def release_view(self, request: Any, pk: UUID) -> HttpResponse:
        dispute = self._open_case(request, pk)
        return self._try(
            request, dispute, _("The case is free for others."), cases.release, operator=request.user.agent
        )

    def next_view(self, request: Any) -> HttpResponse:
        """The next case that nobody holds becomes mine."""
        if not self.has_rule_permission(request):
            raise PermissionDenied
        dispute = cases.take_next(operator=request.user.agent)
        if dispute is None:
            self.message_user(request, _("No case waits for you."), messages.INFO)
            return redirect("admin:disputes_dispute_changelist")
        return self._done(request, dispute, _("This is the next case, and it is yours."))

    def note_view(self, request: Any, pk: UUID) -> HttpResponse:
        dispute, form = self._open_case(request, pk), NoteForm(request.POST, auto_id="note_%s")
        if not form.is_valid():
            return self._show(request, dispute, note=form)
        words = {"operator": request.user.agent, "text": form.cleaned_data["text"]}
        return self._try(request, dispute, _("Noted; only operators read it."), cases.write_note, **words)

    def ask_view(self, request: Any, pk: UUID) -> HttpResponse:
        dispute, form = self._open_case(request, pk), QuestionForm(request.POST, auto_id="question_%s")
        if not form.is_valid():
            return self._show(request, dispute, question=form)
        return self._try(request, dispute, _("They are asked."), ask, actor=request.user.agent, **form.cleaned_data)

    def extend_view(self, request: Any, pk: UUID) -> HttpResponse:
        """The phase lasts as long again, once in a dispute."""
        dispute = self._open_case(request, pk)
        return self._try(request, dispute, _("There is more time now."), extend_phase, actor=request.user.agent)

    def rule_view(self, request: Any, pk: UUID) -> HttpResponse:
        """First what the ruling would do, line by line; the same form with `confirmed` makes it."""
        dispute = self._open_case(request, pk)
        form = RulingForm(request.POST, frozen=dispute.frozen)
        if not form.is_valid() or "back" in request.POST:
            return self._show(request, dispute, ruling=form)
        typed = form.cleaned_data
        ruling = {"operator": request.user.agent, "to_poster": typed["to_poster"], "note": typed["note"]}
        try:
            if "confirmed" not in request.POST:
                preview = cases.preview_ruling(dispute=dispute, **ruling)
                return self._preview(request, dispute, form, preview)
            ruled = cases.rule(dispute=dispute, ground=typed["ground"], internal=typed["internal"], **ruling)
        except MarketError as refusal:
            show_refusal(form, refusal)
            return self._show(request, dispute, ruling=form)
        waits = _("Your ruling is recorded; a sum as large waits until another rules the same.")
        return self._done(request, dispute, waits if ruled.is_open else _("Ruled: the money is divided."))

    def _preview(self, request: Any, dispute: Dispute, form: RulingForm, preview: cases.Preview) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What this ruling does"),
            "dispute": dispute,
            "form": form,
            "preview": preview,
            "typed": [(name, form.data[name]) for name in form.fields if form.data.get(name)],
            "is_first_of_two": cases.waits_for_another(dispute, request.user.agent, preview.to_poster),
        }
        return render(request, "admin/disputes/dispute/preview.html", context)


@admin.register(Appeal)
class AppealAdmin(ReadOnlyAdmin):
    """The queue of appeals, what waits longest first; each is decided once, by who had no part in the ruling."""

    list_display = ["created_at", "dispute_of", "side", "status", "made_by", "decided_by", "decided_at"]
    list_display_links = ["created_at", "dispute_of"]
    list_filter = ["status", "side", "created_at"]
    search_fields = ["=id", "=dispute__id", "dispute__job__title", "made_by__handle", "reason"]
    list_select_related = ["dispute__job", "made_by", "decided_by"]
    ordering = ["created_at"]
    show_full_result_count = False

    @admin.display(description="dispute over")
    def dispute_of(self, appeal: Appeal) -> str:
        return appeal.dispute.job.title

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("appeals.change_appeal"))

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(require_POST(self.decide_view))
        return [path("<uuid:pk>/decide/", decide, name="appeals_appeal_decide"), *super().get_urls()]

    def change_view(self, request: Any, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            appeal = self._find(UUID(object_id))
        except ValueError as error:
            raise Http404("There is no appeal with that id.") from error
        return self._show(request, appeal)

    def _find(self, pk: UUID) -> Appeal:
        appeal = find_appeal(pk)
        if appeal is None:
            raise Http404("There is no appeal with that id.")
        return appeal

    def _show(self, request: Any, appeal: Appeal, form: AppealForm | None = None, **shown: Any) -> HttpResponse:
        try:
            cases.require_no_hand(appeal.dispute, request.user.agent)
        except MarketError as refusal:
            raise PermissionDenied(refusal.detail) from refusal
        most = most_correction(appeal.dispute, appeal.side)
        may_decide = self.has_decide_permission(request) and appeal.status == Appeal.Status.OPEN
        why_not = self._why_not(request, appeal) if may_decide else ""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Appeal"),
            "appeal": appeal,
            "rulings": cases.rulings(appeal.dispute),
            "payment": appeals.payment_of(appeal),
            "may_decide": may_decide and not why_not,
            "why_not": why_not,
            "form": form or AppealForm(most=most),
            **shown,
        }
        return render(request, "admin/desk/appeal.html", context)

    def _why_not(self, request: Any, appeal: Appeal) -> str:
        """Why it is for another operator to decide; said before anything is written."""
        try:
            require_reviewer(appeal, request.user.agent)
        except MarketError as refusal:
            return refusal.detail
        return ""

    def decide_view(self, request: Any, pk: UUID) -> HttpResponse:
        """First what it does; the same form with `confirmed` decides."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        appeal = self._find(pk)
        form = AppealForm(request.POST, most=most_correction(appeal.dispute, appeal.side))
        if not form.is_valid() or "back" in request.POST:
            return self._show(request, appeal, form)
        typed = {"correction": form.cleaned_data["correction"], "note": form.cleaned_data["note"]}
        try:
            require_reviewer(appeal, request.user.agent)
            if "confirmed" not in request.POST:
                sent = [(name, form.data[name]) for name in form.fields if form.data.get(name)]
                asked = {"typed": sent, "whose": wallet_of(appeal)}
                return self._show(request, appeal, form, confirms=True, **asked)
            appeals.decide(appeal=appeal, operator=request.user.agent, **typed)
        except MarketError as refusal:
            show_refusal(form, refusal)
            return self._show(request, appeal, form)
        self.message_user(request, _("Decided; both sides read it."), messages.SUCCESS)
        return redirect("admin:appeals_appeal_change", pk)


@admin.register(Wording)
class WordingAdmin(admin.ModelAdmin):
    """Words that operators begin a ruling with."""

    list_display = ["name", "ground", "position"]
    list_filter = ["ground"]
    search_fields = ["name", "text"]
    ordering = ["position", "name"]


# Agents


admin.site.unregister(Agent)


@admin.register(Agent)
class AgentAdmin(PlainAgentAdmin):
    """Agents to look at, to bar and to let back; what becomes of their deals is shown before."""

    actions = ["suspend", "unsuspend", "remove_pictures"]

    @admin.action(description="Suspend or stop in part the chosen agents", permissions=["suspend"])
    def suspend(self, request: Any, agents: QuerySet[Agent]) -> HttpResponse | None:
        """First what becomes of their deals; the same with `confirmed` does it, to each that it can be done to."""
        form = HaltForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask_whether(request, agents, form)
        typed = form.cleaned_data
        words = {"activity": Activity(typed["activity"]), "reason": typed["reason"], "ends_at": typed["ends_at"]}
        self._for_each(request, agents, _("Stopped"), suspensions.suspend, **words)
        return None

    @admin.action(description="Let the chosen agents back in", permissions=["suspend"])
    def unsuspend(self, request: Any, agents: QuerySet[Agent]) -> None:
        self._for_each(request, agents, _("Let back"), let_back)

    @admin.action(description="Remove the pictures of the chosen agents", permissions=["suspend"])
    def remove_pictures(self, request: Any, agents: QuerySet[Agent]) -> None:
        for agent in agents:
            forget_avatar(agent)
        self.message_user(request, _("Pictures removed: %(count)s.") % {"count": len(agents)}, messages.SUCCESS)

    def _for_each(self, request: Any, agents: QuerySet[Agent], said: str, verb: Any, **words: Any) -> None:
        done = 0
        for agent in agents:
            try:
                verb(agent=agent, operator=request.user.agent, **words)
                done += 1
            except MarketError as refusal:
                refuse(request, agent)
                self.message_user(request, f"{agent.handle}: {refusal.detail}", messages.ERROR)
        self.message_user(request, f"{said}: {done}.", messages.SUCCESS if done else messages.WARNING)

    def _ask_whether(self, request: Any, agents: QuerySet[Agent], form: HaltForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Suspend these agents?"),
            "consequences": [suspensions.consequences(agent) for agent in agents],
            "form": form,
        }
        return TemplateResponse(request, "admin/desk/suspend.html", context)


admin.site.unregister(ApiKey)


@admin.register(ApiKey)
class ApiKeyAdmin(PlainApiKeyAdmin):
    """Keys by how they begin, to end those that have come into wrong hands."""

    actions = ["end_chosen"]

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("agents.change_apikey"))

    @admin.action(description="End the chosen keys at once", permissions=["end"])
    def end_chosen(self, request: Any, keys: QuerySet[ApiKey]) -> None:
        for key in keys.select_related("agent"):
            end_leaked_key(key=key, operator=request.user.agent)
        self.message_user(request, _("Ended; nothing passes with them."), messages.SUCCESS)


# Wallets


admin.site.unregister(Account)


@admin.register(Account)
class AccountAdmin(PlainAccountAdmin):
    """Accounts, with adjustments that a second operator confirms above the limit."""

    def _adjust(self, request: Any, agent: Agent, form: AdjustmentForm) -> bool:
        try:
            adjustments.require_free(form.cleaned_data["key"])
            return super()._adjust(request, agent, form)
        except NeedsConfirmation:
            return self._propose(request, agent, form)
        except MarketError as refusal:
            show_refusal(form, refusal)
            return False

    def _propose(self, request: Any, agent: Agent, form: AdjustmentForm) -> bool:
        typed = form.cleaned_data
        words = {"amount": typed["amount"], "reason": typed["reason"], "key": typed["key"]}
        try:
            adjustments.propose(agent=agent, operator=request.user.agent, **words)
        except MarketError as refusal:
            show_refusal(form, refusal)
            return False
        self.message_user(request, _("A sum as large waits until a second operator confirms it."), messages.WARNING)
        return True


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    """What waits for a second operator, and what became of it."""

    list_display = ["created_at", "agent", "usdc", "reason", "proposed_by", "status", "decided_by", "decided_at"]
    list_filter = ["status", "created_at"]
    search_fields = ["=id", "agent__handle", "reason"]
    list_select_related = ["agent", "proposed_by", "decided_by"]
    ordering = ["-created_at"]
    show_full_result_count = False
    change_form_template = "admin/desk/adjustment.html"

    @admin.display(description="amount, USDC", ordering="amount")
    def usdc(self, adjustment: Adjustment) -> str:
        return readable_usdc(adjustment.amount)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("wallets.add_transfer"))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        may_decide = {"may_decide": self.has_decide_permission(request)}
        kwargs["extra_context"] = (kwargs.get("extra_context") or {}) | may_decide
        return super().change_view(request, object_id, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        verbs = {"confirm": self.confirm_view, "decline": self.decline_view}
        own = [
            path(f"<uuid:pk>/{verb}/", guard(require_POST(view)), name=f"desk_adjustment_{verb}")
            for verb, view in verbs.items()
        ]
        return [*own, *super().get_urls()]

    def confirm_view(self, request: Any, pk: UUID) -> HttpResponse:
        return self._decide(request, pk, adjustments.confirm, _("Posted: the ledger has moved."))

    def decline_view(self, request: Any, pk: UUID) -> HttpResponse:
        return self._decide(request, pk, adjustments.decline, _("Declined: nothing moved."))

    def _decide(self, request: Any, pk: UUID, verb: Callable[..., Any], said: str) -> HttpResponse:
        if not self.has_decide_permission(request):
            raise PermissionDenied
        adjustment = Adjustment.objects.filter(pk=pk).first()
        if adjustment is None:
            raise Http404("There is no such adjustment.")
        try:
            verb(adjustment=adjustment, operator=request.user.agent)
            self.message_user(request, said, messages.SUCCESS)
        except MarketError as refusal:
            refuse(request, adjustment)
            self.message_user(request, refusal.detail, messages.ERROR)
        return redirect("admin:desk_adjustment_change", pk)


# The log of acts


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Who did what to what, and why: for reading and for spreadsheets."""

    list_display = ["created_at", "operator", "verb", "model", "thing_name", "reason", "request_id", "address"]
    list_filter = ["verb", "model", "created_at"]
    search_fields = [
        "operator__handle",
        "operator__name",
        "=thing_id",
        "thing_name",
        "reason",
        "=request_id",
        "=address",
    ]
    list_select_related = ["operator"]
    ordering = ["-id"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    change_list_template = "admin/desk/acts.html"

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view(self.export_view)
        exports = [
            path("export/", guarded, {"ending": "csv"}, name="desk_act_export"),
            path("export/jsonl/", guarded, {"ending": "jsonl"}, name="desk_act_export_jsonl"),
        ]
        return [*exports, *super().get_urls()]

    def export_view(self, request: HttpRequest, ending: str) -> StreamingHttpResponse:
        """The acts that the list shows by the same filters and search."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown: ChangeList = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise BadRequest("There is no such filter of the log.") from error
        written, media_type = EXPORTS[ending]
        response = StreamingHttpResponse(written(shown.get_queryset(request)), content_type=media_type)
        response["Content-Disposition"] = f'attachment; filename="acts.{ending}"'
        return response
