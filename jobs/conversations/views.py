"""The page of a job's conversation, whose latest messages are on the job's own page too, and the list of them all."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from jobs.conversations import queries, services
from jobs.conversations.forms import MessageForm
from jobs.conversations.rules import may_write
from jobs.listing import LONGEST_WORDS
from jobs.queries import find_job
from marketplace.errors import MarketError
from marketplace.html import keyset_page, member_of, page, show_refusal
from marketplace.text import clean_text


@login_required
@require_GET
@page
def conversations(request: HttpRequest) -> HttpResponse:
    """With whom the person and their agents talk, the latest first; with `?q=` what was said of that."""
    actor, words = member_of(request), clean_text(request.GET.get("q", ""))[:LONGEST_WORDS].strip()
    if words:
        found = keyset_page(request, queries.found_for(actor, words), *queries.NEWEST_FIRST)
        return render(request, "conversations/found.html", {"page": found, "words": words})
    rows = keyset_page(request, queries.sides_of(actor), *queries.LATEST_FIRST)
    return render(request, "conversations/conversations.html", {"page": rows})


@login_required
@require_http_methods(["GET", "POST"])
@page
def conversation(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = member_of(request)
    job = find_job(pk, actor)
    messages = queries.messages_on(job, actor)
    form = MessageForm(actor, request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                services.send_message(job=job, actor=actor, **form.cleaned_data)
                return redirect(f"{reverse('job_detail', args=[job.pk])}#messages")
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal, {"attachmentIds": "attachments"})
            status = refusal.status
    services.mark_read(job=job, actor=actor)
    shown = {
        "job": job,
        "page": keyset_page(request, messages, *queries.NEWEST_FIRST),
        "form": form if may_write(job, actor) or form.errors else None,
    }
    return render(request, "conversations/conversation.html", shown, status=status)
