"""What happened to a job, told to the one who reads it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from agents.rules import acts_for
from jobs import queries
from jobs.agreements.models import EarlyEnd
from jobs.models import Job
from jobs.rules import is_party, is_poster
from marketplace.events.models import Event
from marketplace.events.types import readable
from marketplace.markdown import plain_text

# Type of event → (tone, what its actor did, what is said when it was the clock). Bids that were accepted or lost are
# left out: the job's own events say the same.
WORDS = {
    "job.posted": ("green", _("posted the job"), ""),
    "job.updated": ("", _("changed the job"), ""),
    "bid.received": ("", _("bid {amountUsdc} USDC"), ""),
    "bid.lowered": ("", _("lowered a bid to {amountUsdc} USDC"), ""),
    "bid.sealed": ("", "", _("A sealed bid came in or was taken back; there are {bidCount}")),
    "job.bidding_closed": ("", "", _("Bidding ended")),
    "job.award_failed": ("red", "", _("The best bid could not be accepted: {reason}")),
    "bid.withdrawn": ("", _("took back a bid of {amountUsdc} USDC"), ""),
    "job.assigned": ("green", _("hired {worker}"), _("{worker} won the job")),
    "job.declined": ("red", _("declined the offer"), ""),
    "job.started": ("", _("started work"), ""),
    "job.progress": ("", _("reported {percent}% done"), ""),
    "job.heartbeat_missed": ("red", "", _("{agentId} has sent no sign of life for a while")),
    "job.submitted": ("brass", _("handed in work"), ""),
    "job.revision_requested": ("brass", _("asked for changes"), ""),
    "job.approved": ("green", _("approved the work"), _("The review window ended, so the work was approved")),
    "job.paid": (
        "green",
        _("released {payoutUsdc} USDC to the worker"),
        _("{payoutUsdc} USDC was released to the worker"),
    ),
    "job.tipped": ("green", _("gave a tip of {tipUsdc} USDC"), ""),
    "review.written": ("", _("wrote a review"), ""),
    "review.replied": ("", _("answered a review"), ""),
    "review.received": ("brass", _("gave {rating} of 5 stars"), ""),
    "job.payout_cleared": ("green", "", _("{payoutUsdc} USDC cleared: it is the worker’s to spend")),
    "dispute.opened": ("red", _("opened a dispute"), ""),
    "dispute.responded": ("", _("answered the dispute"), ""),
    "dispute.offer_made": (
        "",
        _("offered to settle: {posterUsdc} USDC to the poster, {workerUsdc} less the fee to the worker"),
        "",
    ),
    "dispute.offer_agreed": ("green", _("agreed to the mediator’s proposal"), ""),
    "dispute.offer_declined": ("", _("declined an offer to settle"), ""),
    "dispute.evidence_added": ("", _("added evidence"), ""),
    "dispute.information_requested": ("brass", _("asked for more"), ""),
    "dispute.mediator_assigned": ("", _("named another mediator"), ""),
    "dispute.escalated": (
        "brass",
        _("took the dispute on to its next phase"),
        _("The dispute went on to its next phase"),
    ),
    "dispute.escalated MEDIATION": ("brass", _("asked for a mediator"), _("A mediator joined the dispute")),
    "dispute.escalated ARBITRATION": ("brass", _("asked for a ruling"), _("The dispute went on to be ruled on")),
    "dispute.extended": ("", _("gave the dispute more time"), ""),
    "dispute.closed": ("", _("closed the dispute"), ""),
    "dispute.resolved": ("brass", _("settled the dispute"), ""),
    "dispute.resolved RULING": ("brass", _("ruled on the dispute"), ""),
    "dispute.appealed": ("red", _("appealed against the ruling"), ""),
    "dispute.appeal_decided": ("brass", _("decided about the appeal"), ""),
    "agreement.proposed": ("brass", _("proposed a change of the deal"), ""),
    "agreement.proposed EXTEND": ("brass", _("proposed more time"), ""),
    "agreement.proposed CANCEL": ("brass", _("proposed to end the job"), ""),
    "agreement.accepted": ("green", _("accepted the proposed change"), ""),
    "agreement.declined": ("", _("declined the proposed change"), ""),
    "agreement.withdrawn": ("", _("took back the proposed change"), ""),
    "agreement.lapsed": ("", "", _("Nobody answered the proposed change in time")),
    "job.given_back": ("red", _("gave the job back"), ""),
    "job.cancelled": ("red", _("cancelled the job"), ""),
    "job.called_off": ("brass", _("agreed to end the job"), ""),
    "job.expired": ("red", "", _("The deadline passed, so the job closed")),
}
# The picture beside a line; of the longest beginning of its type.
ICONS = {
    "job": "work",
    "job.posted": "page",
    "job.updated": "pencil",
    "job.bidding_closed": "clock",
    "job.award_failed": "alert",
    "job.declined": "cross",
    "job.heartbeat_missed": "alert",
    "job.submitted": "send",
    "job.revision_requested": "pencil",
    "job.approved": "check",
    "job.paid": "coin",
    "job.tipped": "coin",
    "job.payout_cleared": "wallet",
    "job.cancelled": "cross",
    "job.expired": "clock",
    "bid": "coin",
    "bid.sealed": "lock",
    "bid.withdrawn": "cross",
    "review": "check",
    "agreement": "people",
    "dispute": "scales",
}
# What the end of a deal that ended early is told as; that it was given back says it all.
EARLY = {EarlyEnd.How.AGREED.value: "job.called_off", EarlyEnd.How.GIVEN_BACK.value: ""}
# Where the data says more exactly what happened: by which of its names.
KIND_OF = {"dispute.escalated": "phase", "dispute.resolved": "resolution", "agreement.proposed": "kind"}
# What is written there is Markdown, whose marks say nothing in a line.
IN_MARKDOWN = ("agreement.", "dispute.")
MOST_LINES = 200
PRIVATE = {
    "agreement.proposed",
    "agreement.accepted",
    "agreement.declined",
    "agreement.withdrawn",
    "agreement.lapsed",
    "dispute.responded",
    "dispute.offer_made",
    "dispute.offer_agreed",
    "dispute.offer_declined",
    "dispute.evidence_added",
    "dispute.information_requested",
    "dispute.mediator_assigned",
    "dispute.escalated",
    "dispute.extended",
    "dispute.appealed",
    "dispute.appeal_decided",
    "job.progress",
    "job.heartbeat_missed",
    "job.paid",
    "job.tipped",
    "job.payout_cleared",
    "job.award_failed",
    "bid.received",
    "bid.lowered",
    "bid.sealed",
    "bid.withdrawn",
}


@dataclass(frozen=True)
class Line:
    """One thing that happened: who (None: the clock) did what, when, and their own words on it."""

    actor: Agent | None
    words: str
    at: datetime
    tone: str = ""
    note: str = ""
    icon: str = "info"


def lines(job: Job, reader: Agent | None) -> Iterator[Line]:
    """The job's story, newest first: all of it for its two parties, the plain course of things for others."""
    party, poster = is_party(reader, job), is_poster(reader, job)
    for event in queries.timeline(job).reverse()[:MOST_LINES]:
        if _told_as(event) not in WORDS:
            continue
        if event.type.startswith("bid."):
            may_read = poster or acts_for(reader, event.actor)
        else:
            may_read = party or event.type not in PRIVATE
        if may_read:
            yield line_of(event, job, with_note=party)


def line_of(event: Event, job: Job, with_note: bool) -> Line:
    """The event in words; with what its actor wrote on it, for those who may read that."""
    tone, did, happened = WORDS[_told_as(event)]
    # Events are kept for ever: one that was born before a word was added to its data says the rest.
    data: dict[str, Any] = defaultdict(str, readable(event.data), worker=job.worker.name if job.worker else "")
    if event.type == "job.assigned" and job.invited_id is not None:
        did = _("took the offer")
    words = str(did if event.actor else happened or did).format_map(data)
    note = str(data.get("note") or data.get("reason") or "") if with_note and event.actor else ""
    if event.type == "job.approved":
        note = ""
    if event.type.startswith(IN_MARKDOWN):
        note = plain_text(note)
    return Line(event.actor, words, event.created_at, tone, note, icon_of(event.type))


def _told_as(event: Event) -> str:
    told = EARLY.get(event.data.get("how", ""), event.type)
    exactly = f"{told} {event.data.get(KIND_OF.get(told, ''))}"
    return exactly if exactly in WORDS else told


def icon_of(type: str) -> str:
    """The picture for a type of event, or for all that begin alike."""
    return ICONS.get(type) or ICONS.get(type.partition(".")[0], "info")
