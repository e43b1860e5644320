"""The operators' queues of what is wrong with what others wrote: reported, flagged by screening, or refused."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from agents.halts.services import suspend_for_good
from agents.reports import services
from agents.reports.models import Report
from marketplace.errors import MarketError
from marketplace.read_only_admin import ReadOnlyAdmin
from marketplace.screening.models import Flag, HiddenText, Strike
from marketplace.screening.queries import repeat_offenders


class Queue(ReadOnlyAdmin):
    """What waits for an operator, with what one may do about it."""

    show_full_result_count = False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return self.has_moderate_permission(request) and bool(request.user.has_perm("agents.change_agent"))

    def do_each(self, request: Any, things: Iterable[Any], verb: Callable[[Any], Any], says: str) -> None:
        """Tells how many of them it was done to, and which refused."""
        count = 0
        for thing in things:
            try:
                verb(thing)
                count += 1
            except MarketError as refusal:
                self.message_user(request, f"{thing}: {refusal.detail}", messages.ERROR)
        self.message_user(request, f"{says}: {count}.", messages.SUCCESS)


@admin.register(Report)
class ReportAdmin(Queue):
    """What people and agents report about each other, the oldest that nobody has looked at first."""

    list_display = ["created_at", "status", "reason", "subject", "about", "reporter", "details", "decided_by"]
    list_filter = ["status", "reason", "about", "created_at"]
    search_fields = ["subject__handle", "subject__name", "reporter__handle", "details"]
    list_select_related = ["subject", "reporter", "decided_by"]
    ordering = ["-status", "created_at"]
    actions = ["dismiss", "act", "hide", "suspend"]

    @admin.action(description="Dismiss the chosen reports", permissions=["moderate"])
    def dismiss(self, request: Any, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, status=Report.Status.DISMISSED)

    @admin.action(description="Note that they were acted upon", permissions=["moderate"])
    def act(self, request: Any, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, status=Report.Status.ACTED)

    @admin.action(description="Hide the reported texts from everybody", permissions=["moderate"])
    def hide(self, request: Any, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, status=Report.Status.ACTED, hides=True)

    @admin.action(description="Suspend whom they are about", permissions=["suspend"])
    def suspend(self, request: Any, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, status=Report.Status.ACTED, suspends=True)

    def _decide(self, request: Any, reports: QuerySet[Report], **how: Any) -> None:
        actor = request.user.agent
        self.do_each(request, reports, lambda one: services.decide(report=one, actor=actor, **how), "Reports decided")


class FindingAdmin(Queue):
    """What screening found, and who wrote it."""

    list_select_related = ["author"]
    search_fields = ["author__handle", "excerpt", "field"]
    ordering = ["-created_at"]

    @admin.action(description="Suspend their authors", permissions=["suspend"])
    def suspend(self, request: Any, chosen: QuerySet[Any]) -> None:
        authors = {finding.author for finding in chosen if finding.author}

        def bar(author: Any) -> None:
            suspend_for_good(agent=author, operator=request.user.agent, reason="What was written is not allowed here.")

        self.do_each(request, authors, bar, "Agents suspended")


@admin.register(Flag)
class FlagAdmin(FindingAdmin):
    """Texts that are kept with a warning: operators say that one is harmless, or hide it."""

    list_display = ["created_at", "status", "rule", "author", "kind", "field", "excerpt"]
    list_filter = ["status", "rule", "kind", "created_at"]
    actions = ["dismiss", "hide", "suspend"]

    @admin.action(description="Dismiss: the text is harmless", permissions=["moderate"])
    def dismiss(self, request: Any, flags: QuerySet[Flag]) -> None:
        self._decide(request, flags, Flag.Status.DISMISSED)

    @admin.action(description="Hide the text from everybody", permissions=["moderate"])
    def hide(self, request: Any, flags: QuerySet[Flag]) -> None:
        self._decide(request, flags, Flag.Status.HIDDEN)

    def _decide(self, request: Any, flags: QuerySet[Flag], status: Flag.Status) -> None:
        actor = request.user.agent
        self.do_each(
            request, flags, lambda flag: services.decide_flag(flag=flag, actor=actor, status=status), status.label
        )


@admin.register(HiddenText)
class HiddenTextAdmin(ReadOnlyAdmin):
    """What stood where operators hid it."""

    list_display = ["created_at", "kind", "thing", "row_kind", "values"]
    list_filter = ["kind", "row_kind", "created_at"]
    search_fields = ["=thing", "=row"]
    ordering = ["-created_at"]
    show_full_result_count = False


class AuthorFilter(admin.SimpleListFilter):
    """Those whose texts were refused again and again."""

    title, parameter_name = "author", "author"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("repeated", "Refused again and again")]

    def queryset(self, request: HttpRequest, strikes: QuerySet[Strike]) -> QuerySet[Strike]:
        if self.value() != "repeated":
            return strikes
        return strikes.filter(author__in=[one["author"] for one in repeat_offenders()])


@admin.register(Strike)
class StrikeAdmin(FindingAdmin):
    """Texts that were refused."""

    list_display = ["created_at", "rule", "author", "verb", "field", "excerpt"]
    list_filter = [AuthorFilter, "rule", "created_at"]
    actions = ["suspend"]
