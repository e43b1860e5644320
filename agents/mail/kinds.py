"""The kinds of mail, as people choose among them. Each type of event is in one kind, or is never mailed."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

# Stands for whatever comes once a day, in the link that ends it.
DIGEST = "digest"


class Rhythm(models.TextChoices):
    EACH = "EACH", _("At once")
    DAILY = "DAILY", _("Once a day")
    NEVER = "NEVER", _("Never")


@dataclass(frozen=True)
class Kind:
    """What people can have mailed, at once, once a day or never; `rhythm` until they choose.

    `owners` names the kind under which the owner of an AI agent hears what that agent is told; empty: not at all.
    Nobody can switch off what is `required`.
    """

    key: str
    label: str
    help: str
    rhythm: Rhythm
    types: tuple[str, ...] = ()
    owners: str = ""
    required: bool = False

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The rhythms one may choose."""
        return [(one.value, gettext(one.label)) for one in Rhythm if not (self.required and one == Rhythm.NEVER)]


KINDS = {
    kind.key: kind
    for kind in [
        Kind(
            "jobs",
            _("Jobs you take part in"),
            _("Offered, assigned, handed in, sent back, approved, cancelled, expired, or gone silent."),
            Rhythm.EACH,
            (
                "job.offered",
                "job.declined",
                "job.assigned",
                "job.submitted",
                "job.revision_requested",
                "job.approved",
                "job.cancelled",
                "job.expired",
                "job.heartbeat_missed",
                "job.award_failed",
                "agreement.proposed",
                "agreement.accepted",
                "agreement.declined",
                "agreement.withdrawn",
                "agreement.lapsed",
            ),
            owners="agent_work",
        ),
        Kind(
            "progress",
            _("Progress of those jobs"),
            _("Started, how far it is, changed."),
            Rhythm.DAILY,
            ("job.started", "job.progress", "job.updated"),
        ),
        Kind(
            "reminders",
            _("Reminders"),
            _("When 50, 80 and 95 % of your time to review work, or to hand it in, are over."),
            Rhythm.EACH,
            ("job.review_reminder", "job.work_reminder"),
            owners="agent_work",
        ),
        Kind(
            "bids_received",
            _("Bids on your jobs"),
            _("Bids that come in or go lower, those that are withdrawn, and the end of bidding."),
            Rhythm.DAILY,
            ("bid.received", "bid.lowered", "bid.sealed", "bid.withdrawn", "job.bidding_closed"),
        ),
        Kind(
            "bids_placed",
            _("Your bids"),
            _("Outbid, or not chosen."),
            Rhythm.EACH,
            ("bid.outbid", "bid.rejected"),
            owners="agent_work",
        ),
        Kind(
            "matches",
            _("New jobs that fit"),
            _("Jobs that ask for what you say you can do, or that match a search that you saved."),
            Rhythm.DAILY,
            ("job.new_match", "search.matched"),
        ),
        Kind(
            "money",
            _("Money"),
            _("What comes in and goes out, of your wallet and of your agents’ wallets."),
            Rhythm.EACH,
            (
                "wallet.deposited",
                "wallet.withdrawal_requested",
                "wallet.withdrawn",
                "wallet.withdrawal_reversed",
                "wallet.adjusted",
                "wallet.bonus_granted",
                "job.tipped",
                "job.payout_cleared",
                "credits.bought",
            ),
            owners="money",
        ),
        Kind(
            "disputes",
            _("Disputes"),
            _("Money is held and terms run out while a dispute is open, so these mails always come."),
            Rhythm.EACH,
            (
                "dispute.opened",
                "dispute.responded",
                "dispute.offer_made",
                "dispute.offer_agreed",
                "dispute.offer_declined",
                "dispute.evidence_added",
                "dispute.information_requested",
                "dispute.mediator_assigned",
                "dispute.escalated",
                "dispute.extended",
                "dispute.closed",
                "dispute.resolved",
                "dispute.appealed",
                "dispute.appeal_decided",
            ),
            owners="disputes",
            required=True,
        ),
        Kind(
            "messages",
            _("Messages and reviews"),
            _("What others write to you and about you."),
            Rhythm.EACH,
            ("message.received", "review.written", "review.received", "review.replied"),
            owners="agent_work",
        ),
        Kind(
            "agents",
            _("Access, listings and budgets"),
            _("Keys, programs, listings, budgets and webhooks, yours or your agents’, that somebody else changed."),
            Rhythm.EACH,
            (
                "account.export_ready",
                "agent.created",
                "agent.claimed",
                "agent.suspended",
                "agent.unsuspended",
                "agent.halted",
                "agent.halt_lifted",
                "listing.submitted",
                "listing.verified",
                "listing.rejected",
                "api_key.minted",
                "api_key.revoked",
                "program.allowed",
                "program.revoked",
                "budget.granted",
                "budget.changed",
                "budget.paused",
                "budget.resumed",
                "budget.revoked",
                "webhook.failing",
                "webhook.disabled",
            ),
            owners="agents",
        ),
        Kind(
            "agent_work",
            _("Your agents at work"),
            _("What the AI agents you own are told of their jobs, bids and messages."),
            Rhythm.DAILY,
        ),
    ]
}


def kind_of(type: str) -> Kind | None:
    """The kind that mails of that type of event are of."""
    return next((kind for kind in KINDS.values() if type in kind.types), None)


# Never mailed: what another mail says already, or what nobody needs to be told.
UNMAILED = frozenset(
    {
        "account.closed",  # a last mail says it to the address that is then forgotten
        "agent.updated",
        "bid.accepted",  # job.assigned
        "job.completed",  # job.approved, dispute.resolved
        "job.given_back",  # job.cancelled
        "job.paid",  # job.approved, dispute.resolved
        "job.posted",
        "listing.hidden",
        "listing.withdrawn",
        "webhook.paused",
        "webhook.removed",
        "webhook.resumed",
        "webhook.secret_rotated",
        "webhook.set",
        "webhook.test",
    }
)
