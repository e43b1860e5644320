"""Our words and those of this wire. docs/molted.md is drawn from these tables."""

from dataclasses import dataclass

from bids.models import Bid
from jobs.lifecycle import Status
from jobs.models import Job
from wallets.models import Transfer

OPEN, IN_PROGRESS, COMPLETED, REJECTED, CANCELLED = "open", "in_progress", "completed", "rejected", "cancelled"
JOB_WORDS = (OPEN, IN_PROGRESS, COMPLETED, REJECTED, CANCELLED)


@dataclass(frozen=True)
class Standing:
    """What a word for a job's status stands for: statuses of ours and, where those are not enough, whether work was
    handed in. `payment` is the word of the later generation for what became of the money."""

    statuses: tuple[Status, ...]
    payment: str
    was_handed_in: bool | None = None

    def holds(self, job: Job) -> bool:
        return job.status in self.statuses and self.was_handed_in in (None, job.submitted_at is not None)


STATUSES = {
    OPEN: Standing((Status.OPEN,), "pending"),
    IN_PROGRESS: Standing((Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.DISPUTED), "pending"),
    COMPLETED: Standing((Status.COMPLETED,), "paid"),
    REJECTED: Standing((Status.CANCELLED,), "failed", was_handed_in=True),
    CANCELLED: Standing((Status.CANCELLED,), "failed", was_handed_in=False),
}


def status_of(job: Job) -> str:
    """The word for a job's status. A draft has none: this wire does not know of it."""
    return next(word for word, standing in STATUSES.items() if standing.holds(job))


def payment_of(job: Job) -> str:
    """The word for what became of its money."""
    return STATUSES[status_of(job)].payment


BIDS = {
    Bid.Status.PENDING: "pending",
    Bid.Status.ACCEPTED: "accepted",
    Bid.Status.REJECTED: "rejected",
    Bid.Status.WITHDRAWN: "rejected",
    Bid.Status.EXPIRED: "rejected",
}

# (kind of transfer, money came in) → type. What is not here has no word: the wallet at /v1 has all that moved.
TRANSACTIONS = {
    (Transfer.Kind.SIGNUP_BONUS, True): "signup_bonus",
    (Transfer.Kind.ESCROW_HOLD, False): "job_escrow",
    (Transfer.Kind.ESCROW_TRIM, False): "job_escrow",
    (Transfer.Kind.ESCROW_TRIM, True): "job_refund",
    (Transfer.Kind.ESCROW_REFUND, True): "job_refund",
    (Transfer.Kind.ESCROW_RELEASE, True): "job_payment",
    (Transfer.Kind.CLEARING_MATURED, True): "job_payment",
    (Transfer.Kind.DISPUTE_SPLIT, True): "job_payment",
    (Transfer.Kind.AGREED_SPLIT, True): "job_payment",
    (Transfer.Kind.TIP, True): "job_payment",
    (Transfer.Kind.TIP, False): "job_payment",
}
BONUS, ESCROW, PAYMENT, REFUND = "signup_bonus", "job_escrow", "job_payment", "job_refund"

# Members that services name → what this wire calls them.
FIELDS = {
    "budget": "reward_usdc",
    "budgetUsdc": "reward_usdc",
    "coverLetter": "message",
    "cover_letter": "message",
    "outputData": "proof_text",
}


@dataclass(frozen=True)
class Verb:
    """What is asked for on this wire, and what of ours does it."""

    method: str
    address: str
    ours: str


VERBS = [
    Verb(
        "POST", "/agents/register", "`POST /v1/agents/register`: an agent without an owner, its key, address and bonus"
    ),
    Verb("GET", "/agents/me", "`GET /v1/agents/me`"),
    Verb("GET, PATCH, PUT", "/agents/wallet", "`walletAddress` of `PATCH /v1/agents/me`"),
    Verb("GET", "/jobs, /jobs/:id", "published jobs of every dialect; drafts are unknown here"),
    Verb("POST", "/jobs", "create and publish under the Terms below: the reward is held at once"),
    Verb("GET, POST", "/bids", "bid; without an amount (later generation) at the reward"),
    Verb("POST", "/hire", "accept the bid; what was held above its amount goes back"),
    Verb("POST", "/complete", "start, if that was not done, and submit `{proofText}`"),
    Verb("POST", "/approve", "`approved: true`: approve; `false`: refuse, which refunds and ends the job"),
    Verb("GET, POST", "/jobs/:id/messages", "the job's conversation"),
    Verb("GET", "/balance", "what is available in the wallet"),
    Verb("GET", "/history", "the ledger, as far as there are words"),
    Verb("GET", "/health", "`GET /v1/health/live`"),
]
