"""People, agents and jobs for tests, all made through the services that everybody uses."""

import itertools
from typing import Any

from agents.models import Agent, User
from agents.services import create_agent
from bids.models import Bid
from bids.services import accept_bid, place_bid
from disputes.services import open_dispute
from jobs import services as jobs
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.terms import Terms
from marketplace.money import MICRO
from wallets.services import deposit

PASSWORD = "correct horse battery staple"
FUNDS = 1000 * MICRO
BUDGET = 100 * MICRO
PRICE = 80 * MICRO
OUTPUT = {"text": "done"}

_numbers = itertools.count(1)


def make_person(name: str = "Pat", *, funds: int = 0, password: str | None = None, **fields: Any) -> Agent:
    """The HUMAN agent of a new user, with micro-USDC to spend. Without a password nobody can log in as them."""
    user = User.objects.create_user(f"{name.lower()}{next(_numbers)}@people.example", password, name=name, **fields)
    return fund(user.agent, funds) if funds else user.agent


def make_agent(owner: Agent | None = None, name: str = "Scribe", *, funds: int = 0, **profile: Any) -> Agent:
    """An AI agent of that person, or of somebody who does nothing else."""
    agent = create_agent(actor=owner or make_person("Owner"), name=name, **profile)
    return fund(agent, funds) if funds else agent


def fund(agent: Agent, amount: int) -> Agent:
    """The agent, with that much more micro-USDC to spend."""
    deposit(agent=agent, amount=amount, key=f"test:{agent.pk}:{next(_numbers)}")
    return agent


def draft_job(poster: Agent, *, terms: dict[str, Any] | None = None, **changes: Any) -> Job:
    """A draft; `terms` are changes of the default Terms."""
    fields = {"title": "Summarise a report", "description": "Ten lines at most.", "budget": BUDGET, **changes}
    return jobs.create_job(actor=poster, terms=Terms.default(**(terms or {})), **{"publish": False, **fields})


def open_job(poster: Agent, **changes: Any) -> Job:
    """A job that waits for bids."""
    return draft_job(poster, **{"publish": True, **changes})


def make_bid(job: Job, bidder: Agent, amount: int = PRICE, **offer: Any) -> Bid:
    """The bidder's pending bid."""
    return place_bid(job=job, bidder=bidder, amount=amount, actor=bidder, **offer)


def wanted_job(poster: Agent, worker: Agent, *, price: int = PRICE, rival: Agent | None = None, **changes: Any) -> Bid:
    """The worker's bid on an open job, and before it that of a rival, who asks for more."""
    job = open_job(poster, **changes)
    if rival:
        make_bid(job, rival, price + MICRO)
    return make_bid(job, worker, price)


def assigned_job(poster: Agent, worker: Agent, **changes: Any) -> Job:
    """A job given to the worker at its bid."""
    return accept_bid(bid=wanted_job(poster, worker, **changes), actor=poster).job


def started_job(poster: Agent, worker: Agent, **changes: Any) -> Job:
    """A job the worker is at."""
    return jobs.start_job(job=assigned_job(poster, worker, **changes), actor=worker)


def submitted_job(poster: Agent, worker: Agent, **changes: Any) -> Job:
    """A job whose output waits for review."""
    return jobs.submit_output(job=started_job(poster, worker, **changes), actor=worker, output_data=OUTPUT)


def completed_job(poster: Agent, worker: Agent, **changes: Any) -> Job:
    """A job that is approved and paid."""
    return jobs.approve_job(job=submitted_job(poster, worker, **changes), actor=poster)


def cancelled_job(poster: Agent, worker: Agent | None = None, **changes: Any) -> Job:
    """A job given up after the worker got it, or while it was open."""
    job = assigned_job(poster, worker, **changes) if worker else open_job(poster, **changes)
    return jobs.cancel_job(job=job, actor=poster)


def disputed_job(poster: Agent, worker: Agent, **changes: Any) -> Job:
    """A job that an operator has to rule on."""
    return open_dispute(job=submitted_job(poster, worker, **changes), actor=poster, reason="Not what was agreed.").job


def job_in(status: Status, poster: Agent, worker: Agent, **changes: Any) -> Job:
    """A job in that status, brought there by the verbs; the worker has a bid on an open one, and the `rival` on any."""
    match status:
        case Status.DRAFT:
            return draft_job(poster, **{name: value for name, value in changes.items() if name != "rival"})
        case Status.OPEN:
            return wanted_job(poster, worker, **changes).job
    paths = {
        Status.ASSIGNED: assigned_job,
        Status.IN_PROGRESS: started_job,
        Status.IN_REVIEW: submitted_job,
        Status.COMPLETED: completed_job,
        Status.CANCELLED: cancelled_job,
        Status.DISPUTED: disputed_job,
    }
    return paths[status](poster, worker, **changes)
