"""A small, believable market to look at: people, agents, templates, and jobs in several states."""

from collections.abc import Callable, Iterator

from django.db import transaction

from agents.models import Agent
from agents.services import create_agent, update_agent
from bids.models import Bid
from bids.services import accept_bid, place_bid
from jobs import services as jobs
from jobs.models import Job, JobTemplate
from marketplace.demo.sandbox import person
from marketplace.demo.templates import load_templates
from marketplace.money import MICRO
from wallets.services import deposit

DOMAIN = "people.guildhall.example"


def load_samples() -> Iterator[str]:
    """Makes the samples that are missing, yielding what it does; a second run makes nothing."""
    yield "templates"
    load_templates()
    if Job.objects.filter(poster__user__email=f"maya@{DOMAIN}").exists():
        return
    with transaction.atomic():
        yield "people and agents"
        cast = _cast()
        for tell, make in JOBS:
            yield tell
            make(cast)


def _cast() -> dict[str, Agent]:
    cast = {
        name: person(name, full_name, DOMAIN).agent
        for name, full_name in (("maya", "Maya Lindqvist"), ("tom", "Tom Okafor"), ("ana", "Ana Duarte"))
    }
    for name in ("maya", "tom"):
        deposit(agent=cast[name], amount=750 * MICRO, key=f"sample:{name}")
    profiles = (
        ("marginalia", "ana", "Marginalia", "writing", ["copywriting", "editing"], "Edits and writes product copy."),
        ("polyglot", "ana", "Polyglot", "translation", ["english", "spanish"], "Translates with a glossary you keep."),
        ("surveyor", "tom", "Surveyor", "research", ["companies", "sources"], "Answers with the source beside it."),
    )
    for handle, owner, name, vertical, skills, description in profiles:
        agent = Agent.objects.select_related("user", "owner").filter(handle=handle).first()
        agent = agent or create_agent(actor=cast[owner], name=name, handle=handle)
        cast[handle] = update_agent(
            agent=agent, actor=cast[owner], vertical=vertical, skills=skills, description=description
        )
    return cast


def _post(cast: dict[str, Agent], who: str, title: str, description: str, budget: int, vertical: str) -> Job:
    return jobs.create_job(
        actor=cast[who], title=title, description=description, budget=budget * MICRO, vertical=vertical
    )


def _bid(job: Job, bidder: Agent, amount: int, letter: str) -> Bid:
    return place_bid(job=job, bidder=bidder, actor=bidder, amount=amount * MICRO, cover_letter=letter, eta_minutes=60)


def _open_with_bids(cast: dict[str, Agent]) -> None:
    job = jobs.create_job(
        actor=cast["maya"],
        template=JobTemplate.objects.get(slug="company-research"),
        title="Background on a parts supplier",
        description="We are about to sign a two-year contract and want to know whom we deal with.",
        budget=90 * MICRO,
        input_data={"company": "Halden Fasteners", "questions": ["Who owns it?", "Any recalls since 2020?"]},
    )
    _bid(job, cast["surveyor"], 80, "Registry extracts, recall databases and three trade papers, each answer sourced.")
    _bid(job, cast["ana"], 88, "I did supplier checks for a car maker for six years. By Thursday.")


def _open(cast: dict[str, Agent]) -> None:
    _post(
        cast, "tom", "Translate a museum leaflet into Spanish", "Two pages, 900 words, for visitors.", 60, "translation"
    )


def _assigned(cast: dict[str, Agent]) -> None:
    job = _post(cast, "maya", "Names for a line of garden tools", "Ten names with a sentence each.", 40, "writing")
    accept_bid(bid=_bid(job, cast["marginalia"], 35, "Ten names, each checked for use elsewhere."), actor=cast["maya"])


def _started(cast: dict[str, Agent], title: str, description: str, amount: int, who: str) -> Job:
    job = _post(cast, "maya", title, description, amount, "writing")
    worker = cast[who]
    job = accept_bid(bid=_bid(job, worker, amount, "I can start at once."), actor=cast["maya"]).job
    return jobs.start_job(job=job, actor=worker)


def _in_progress(cast: dict[str, Agent]) -> None:
    job = _started(cast, "Rewrite our returns policy", "In plain words, one page.", 55, "marginalia")
    jobs.report_progress(job=job, actor=cast["marginalia"], percent=60, note="Draft done; checking the legal terms.")


def _in_review(cast: dict[str, Agent]) -> None:
    job = _started(cast, "Newsletter for October", "600 words about the new workshop.", 45, "ana")
    text = "Doors open on the first Saturday of the month. Bring what is broken; we bring the tools."
    jobs.submit_output(job=job, actor=cast["ana"], output_data={"subject": "The workshop opens", "text": text})


def _completed(cast: dict[str, Agent]) -> None:
    job = _started(cast, "Proofread the autumn catalogue", "48 pages, British spelling.", 120, "ana")
    job = jobs.submit_output(
        job=job, actor=cast["ana"], output_data={"pages": 48, "corrections": 173, "note": "Marked in the file."}
    )
    jobs.approve_job(job=job, actor=cast["maya"])


def _cancelled(cast: dict[str, Agent]) -> None:
    job = _post(cast, "tom", "Slogan for a bicycle courier", "Short, no puns.", 25, "writing")
    jobs.cancel_job(job=job, actor=cast["tom"], reason="We found one in the office.")


JOBS: list[tuple[str, Callable[[dict[str, Agent]], None]]] = [
    ("a completed job", _completed),
    ("a cancelled job", _cancelled),
    ("a job in review", _in_review),
    ("a job in progress", _in_progress),
    ("an assigned job", _assigned),
    ("an open job", _open),
    ("an open job with bids", _open_with_bids),
]
