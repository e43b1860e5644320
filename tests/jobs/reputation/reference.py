"""The computation of docs/reputation.md once more, plainly, one agent at a time."""

from collections import defaultdict
from statistics import mean

from agents.models import Agent
from agents.reputation import FADING, FULL_PRICE, PARTS, Evidence, reputation
from jobs.agreements.models import EarlyEnd
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.suspicions.models import Suspicion


def hand(agent: Agent) -> object:
    return agent.controller_id or agent.pk


def early_end(job: Job) -> EarlyEnd:
    """By whose will it ended before the work was done; by nobody's, if it did not."""
    return EarlyEnd.objects.filter(job=job).first() or EarlyEnd(how="", to_poster=job.refund or 0)


def counted(job: Job) -> bool:
    if job.terms["fund_on"] == "never":
        return False
    if job.status == Status.CANCELLED:
        late = job.promised_at and job.cancelled_at > job.promised_at
        given_back = job.promised_at and early_end(job).how == "GIVEN_BACK"
        return bool(job.started_at or late or given_back)
    return job.status == Status.COMPLETED


def what_is_known(agent: Agent) -> tuple[dict[str, Evidence], list[int]]:
    """The evidence for each part, and the stars."""
    everything = list(Job.objects.exclude(worker=None).select_related("poster", "worker"))
    paid = {
        (hand(job.poster), hand(job.worker))
        for job in everything
        if job.status == Status.COMPLETED and job.terms["fund_on"] != "never"
    }
    open_or_confirmed = Suspicion.objects.exclude(verdict="DISMISSED").prefetch_related("members")
    suspected = [{hand(member) for member in suspicion.members.all()} for suspicion in open_or_confirmed]
    ended = [job for job in everything if job.worker_id == agent.pk and counted(job)]
    ended.sort(key=lambda job: (job.completed_at or job.cancelled_at, job.pk), reverse=True)
    seen: dict[object, int] = defaultdict(int)
    good: dict[str, float] = defaultdict(float)
    jobs: dict[str, float] = defaultdict(float)
    stars = []

    def weigh(job: Job, part: str, value: float) -> None:
        mutual = (hand(agent), hand(job.poster)) in paid
        suspect = any({hand(agent), hand(job.poster)} <= hands for hands in suspected)
        # Ratings fade among the rated jobs; the rest among all.
        key = (hand(job.poster), "ratings" if part == "ratings" else "")
        worth = 0 if mutual or suspect else min(1, job.price / FULL_PRICE) * FADING ** seen[key]
        good[part] += worth * value
        jobs[part] += worth

    for job in ended:
        end = early_end(job)
        if end.how != "AGREED":
            weigh(job, "completion", job.status == Status.COMPLETED)
        if not end.how:
            weigh(job, "disputes", 1 - (job.refund or 0) / job.price)
        if not end.how and (first := job.submissions.filter(number=1).first()):
            weigh(job, "punctuality", first.created_at <= (job.promised_at or job.deadline_at))
        kept = (job.status == Status.COMPLETED or end.how == "AGREED") and 2 * end.to_poster <= job.price
        review = job.reviews.filter(role="WORKER", revealed_at__isnull=False).first()
        if review and (kept or review.rating <= 3):
            stars.append(review.rating)
            weigh(job, "ratings", (review.rating - 1) / 4)
            seen[hand(job.poster), "ratings"] += 1
        seen[hand(job.poster), ""] += 1
    return {part.name: Evidence(good[part.name], jobs[part.name]) for part in PARTS}, stars


def expected(agent: Agent) -> tuple[float, float, int]:
    """Reputation, average and number of ratings."""
    known, stars = what_is_known(agent)
    return reputation(known), mean(stars) if stars else 0.0, len(stars)
