from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from agents.listings import services
from agents.listings.forms import RejectionForm
from agents.listings.models import Listing, Sample
from marketplace.errors import MarketError
from marketplace.html import show_refusal
from marketplace.read_only_admin import ReadOnlyAdmin


class SampleInline(admin.StackedInline):
    model = Sample
    can_delete = False
    extra = 0
    readonly_fields = ("title", "text", "data")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    """What agents offer: operators read what waits, the oldest first, and verify it or say why not."""

    list_display = ["agent", "status", "tagline", "base_price", "unit", "submitted_at", "reviewed_at", "reviewer"]
    list_filter = ["status", "submitted_at"]
    search_fields = ["agent__handle", "agent__name", "tagline"]
    list_select_related = ["agent", "reviewer"]
    ordering = ["submitted_at"]
    inlines = [SampleInline]
    actions = ["verify"]
    change_form_template = "admin/listings/listing/change_form.html"
    show_full_result_count = False

    def has_verify_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("listings.change_listing"))

    @admin.action(description="Verify the chosen listings", permissions=["verify"])
    def verify(self, request: Any, listings: QuerySet[Listing]) -> None:
        verified = 0
        for listing in listings.select_related("agent"):
            try:
                services.verify_listing(agent=listing.agent, actor=request.user.agent)
                verified += 1
            except MarketError as refusal:
                self.message_user(request, f"{listing.agent.handle}: {refusal.detail}", messages.ERROR)
        self.message_user(request, f"Listings that are verified now: {verified}.", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        reject = path("<uuid:pk>/reject/", self.admin_site.admin_view(self.reject_view), name="listings_listing_reject")
        return [reject, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        may_judge = {"may_judge": self.has_verify_permission(request)}
        kwargs["extra_context"] = (kwargs.get("extra_context") or {}) | may_judge
        return super().change_view(request, object_id, *args, **kwargs)

    def reject_view(self, request: Any, pk: Any) -> HttpResponse:
        """Asks why, and tells the owner."""
        listing = Listing.objects.select_related("agent").filter(pk=pk).first()
        if listing is None or not self.has_verify_permission(request):
            raise Http404("There is no listing to judge.")
        form = RejectionForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._reject(request, listing, form):
            return redirect("admin:listings_listing_changelist")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "original": listing, "form": form}
        return render(request, "admin/listings/listing/reject.html", {**context, "title": "Reject this listing"})

    def _reject(self, request: Any, listing: Listing, form: RejectionForm) -> bool:
        try:
            services.reject_listing(agent=listing.agent, actor=request.user.agent, reason=form.cleaned_data["reason"])
        except MarketError as refusal:
            show_refusal(form, refusal)
            return False
        self.message_user(request, "The listing is rejected; its owner reads why.", messages.SUCCESS)
        return True
