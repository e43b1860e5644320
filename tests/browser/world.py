"""One small market with something of everything in it, for whatever looks at the pages."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str

from agents.blocks.services import block
from agents.claims.services import sign_up_agent, take_due_mail
from agents.favourites.services import add_favourite
from agents.listings.services import add_sample
from agents.mail.kinds import DIGEST
from agents.mail.links import unsubscribe_url
from agents.models import Agent
from agents.oauth.services import answer_device, register_client, request_device
from agents.services import mint_api_key
from agents.webhooks.services import create_endpoint, send_test
from bids.models import Bid
from bids.sorting.services import sort_bid
from disputes.evidence import add_evidence, ask
from disputes.models import Mediator
from disputes.offers import accept_offer, make_offer
from disputes.services import escalate, open_dispute, resolve_dispute, respond
from jobs import services as jobs
from jobs.agreements.services import accept_agreement, give_back, propose_end, propose_extension
from jobs.conversations.services import send_message
from jobs.drafts.models import Step
from jobs.drafts.services import start_draft
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from jobs.reputation.tasks import compute_reputation
from jobs.reviews.services import give_review
from jobs.saved_searches.services import save_search
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests import factories
from tests.agents.listings.listed import list_agent
from tests.marketplace.accounts.conftest import with_app
from tests.wallets.outside import ADDRESS
from wallets.budgets.services import grant_budget
from wallets.services import announce_deposit, request_withdrawal

# As a careless or hostile writer would have it: no page may run out of a narrow screen for it.
LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 4
FUNDS = 100_000 * MICRO
TEMPLATE: dict[str, Any] = {
    "vertical": "writing",
    "description": "A headline for a product.",
    "suggested_budget": 50 * MICRO,
    "input_schema": {
        "type": "object",
        "properties": {
            "product": {"type": "string", "title": "Product"},
            "features": {"type": "array", "title": "Features", "items": {"type": "string"}, "minItems": 1},
            "tone": {"enum": ["plain", "warm"], "title": "Tone"},
            "due": {"type": "string", "format": "date-time", "title": "Needed by"},
        },
        "required": ["product", "features", "tone"],
    },
    "output_schema": {
        "type": "object",
        "properties": {"headline": {"type": "string", "title": "Headline", "minLength": 5}},
        "required": ["headline"],
    },
}


def seed() -> SimpleNamespace:
    """The people, and one of everything; paths of the catalogue name what is in it."""
    people = {
        "poster": person("Paula"),
        "worker": person("Will"),
        "owner": person("Olga"),
        "newcomer": factories.make_person("Nora", password=factories.PASSWORD),
    }
    world = SimpleNamespace(**people)
    with_app(world.owner)
    world.program = factories.make_agent(world.owner, name="Wanda", handle="wanda", skills=["writing", "research"])
    for name, thing in furnish(world).items():
        setattr(world, name, thing)
    return world


def person(name: str) -> Agent:
    """Somebody with money who can log in."""
    one = factories.make_person(name, funds=FUNDS, password=factories.PASSWORD)
    EmailAddress.objects.create(user=one.user, email=one.user.email, verified=True, primary=True)
    return one


def furnish(world: SimpleNamespace) -> dict[str, Any]:
    """One more of everything that a page may list."""
    things = made_jobs(world) | made_agent(world) | made_money(world) | made_account(world) | made_plans(world)
    relay_batch()
    compute_reputation()
    return things


def made_jobs(world: SimpleNamespace) -> dict[str, Any]:
    """A job in each status, one with a direct offer, and what is said, bid and thought about them."""
    number = JobTemplate.objects.count()
    template = JobTemplate.objects.create(slug=f"headline-{number}", name=f"Headline {number}", **TEMPLATE)
    made = {status.lower(): factories.job_in(status, world.poster, world.program) for status in Status}
    offer = {"invited": world.worker, "terms": {"bidding": "direct", "fund_on": "publish"}}
    made["offered"] = factories.open_job(world.poster, title="A secret errand", **offer)
    made["by_hand"] = factories.started_job(world.poster, world.worker, title="Paint the gate")
    made["empty"] = factories.open_job(world.poster, title="Nobody has seen this yet")
    made["unreviewed"] = factories.completed_job(world.poster, world.program)
    made["bidding"] = factories.open_job(world.poster, title=LONG_WORD, description=f"# Hello\n\n{LONG_WORD}")
    made["bid"] = factories.make_bid(made["bidding"], world.worker)
    sort_bid(bid=made["bid"], actor=world.poster, pile="SHORTLISTED", note=f"Careful, as {LONG_WORD} says.")
    asks = ["When can you begin?", f"Have you painted {LONG_WORD} before?"]
    made["asking"] = factories.open_job(world.poster, title="Paint the fence", questions=asks)
    factories.make_bid(made["asking"], world.program, answers=["Today.", f"Twice, {LONG_WORD}."])
    made["rival"] = factories.make_bid(made["bidding"], world.program, factories.PRICE - MICRO)
    jobs.report_progress(job=made["in_progress"], actor=world.program, percent=60, note="Halfway, and a bit.")
    made |= made_agreements(world, made["in_progress"], made["by_hand"])
    for sender in (world.poster, world.program):
        send_message(job=made["in_review"], actor=sender, content=f"**Hello**, about {LONG_WORD}")
        give_review(job=made["completed"], actor=sender, rating=5, text="A pleasure.")
    made["review"] = made["completed"].reviews.get(subject=world.poster)
    made |= made_disputes(world, made["disputed"])
    return made | {"template": template, "pending": Bid.objects.get(job=made["open"])}


def made_agreements(world: SimpleNamespace, in_progress: Job, by_hand: Job) -> dict[str, Any]:
    """What both sides propose to each other, and jobs that ended by agreement and were given back."""
    later = in_progress.deadline_at + timedelta(days=7)
    wish = propose_extension(job=in_progress, actor=world.program, due_at=later, note=f"The **brief** of {LONG_WORD}.")
    counter = propose_end(job=in_progress, actor=world.poster, to_poster=factories.PRICE // 3)
    propose_end(job=by_hand, actor=world.poster, to_poster=factories.PRICE // 2, note="We sold the gate.")
    ended = factories.started_job(world.poster, world.program, title="Mow the lawn")
    accept_agreement(agreement=propose_end(job=ended, actor=world.poster, to_poster=MICRO), actor=world.program)
    begun = factories.started_job(world.poster, world.program, title="Dig a well")
    returned = give_back(job=begun, actor=world.program)
    return {"wish": wish, "counter": counter, "ended": ended, "returned": returned}


def made_disputes(world: SimpleNamespace, disputed: Job) -> dict[str, Any]:
    """One with an answer and offers, one that the worker mediates and one to rule on, one that was settled and one that
    was ruled on."""
    case = disputed.disputes.get()
    respond(dispute=case, actor=world.program, statement=f"It is **all** there: {LONG_WORD}")
    add_evidence(dispute=case, actor=world.poster, text="The brief.", link=f"https://example.com/{LONG_WORD}")
    make_offer(dispute=case, actor=world.poster, to_poster=factories.PRICE // 2, note="Half for half.")
    offer = make_offer(dispute=case, actor=world.program, to_poster=factories.PRICE // 3)

    Mediator.objects.get_or_create(agent=world.worker, defaults={"appointed_by": world.newcomer})
    job = factories.submitted_job(world.poster, world.program, title="Name a bakery")
    mediated = open_dispute(job=job, actor=world.program, reason="The poster wants twelve names.", category="SCOPE")
    escalate(dispute=mediated, actor=world.program)
    ask(dispute=mediated, actor=world.worker, of="BOTH", question="Which names did you agree on?")
    ruled = factories.submitted_job(world.poster, world.program, title="Letter a sign")
    arbitrated = open_dispute(job=ruled, actor=world.program, reason="No answer for weeks.", category="NO_ANSWER")
    for _ in range(2):
        escalate(dispute=arbitrated, actor=world.program)
    over = factories.submitted_job(world.poster, world.program, title="Count the sheep")
    settled = open_dispute(job=over, actor=world.program, reason="They were counted.")
    accept_offer(offer=make_offer(dispute=settled, actor=world.program, to_poster=MICRO), actor=world.poster)
    lost = factories.submitted_job(world.poster, world.program, title="Sweep the yard")
    judged = open_dispute(job=lost, actor=world.poster, reason="The yard is not swept.")
    for _ in range(2):
        escalate(dispute=judged, actor=world.poster)
    judged = resolve_dispute(dispute=judged, actor=world.worker, to_poster=MICRO, note="It is swept, but for a corner.")
    ended = {"settled": settled, "judged": judged}
    return {"case": case, "settlement": offer, "mediated": mediated, "arbitrated": arbitrated, **ended}


def made_agent(world: SimpleNamespace) -> dict[str, Any]:
    """An agent of the poster with a key, a budget, a webhook and its deliveries, and one to be claimed."""
    mine = factories.make_agent(world.poster, name="Mine", description=LONG_WORD)
    key, _ = mint_api_key(agent=mine, name="laptop", actor=world.poster)
    grant_budget(agent=mine, actor=world.poster, per_job=10 * MICRO, daily=20 * MICRO, monthly=100 * MICRO)
    endpoint, _ = create_endpoint(agent=mine, url="https://agent.example.com/hooks", actor=world.poster)
    deliveries = [send_test(endpoint=endpoint, actor=world.poster) for _ in range(2)]
    sign_up_agent(owner_email=world.newcomer.user.email, name="Scout")
    mail = take_due_mail()
    assert mail is not None
    return {"mine": mine, "key": key, "endpoint": endpoint, "delivery": deliveries[0], "claim_token": mail.token}


def made_plans(world: SimpleNamespace) -> dict[str, Any]:
    """What the poster has begun and looks for, and an agent that operators have read the listing of."""
    said = {"kind": "plain", "title": LONG_WORD, "description": "To be done.", "budgetUsdc": "50.00"}
    draft = start_draft(actor=world.poster, data=said, step=Step.CHECK)
    search = save_search(actor=world.poster, name="Gates", filters={"q": "gate"})
    add_favourite(actor=world.poster, agent=world.program)
    block(actor=world.poster, agent=factories.make_person("Bruno"))
    listed = factories.make_agent(world.poster, name="Lisa", vertical="writing")
    add_sample(agent=listed, actor=world.poster, title="A headline", text=f"**A stool** for {LONG_WORD}")
    list_agent(listed)
    add_favourite(actor=world.poster, agent=listed)
    return {"plan": draft, "search": search, "listed": listed, "sample": listed.listing.samples.get()}


def made_money(world: SimpleNamespace) -> dict[str, Any]:
    """Money on its way in and out."""
    deposit = announce_deposit(agent=world.poster, amount=25 * MICRO, actor=world.poster)
    key = f"of {deposit.pk}"
    withdrawal = request_withdrawal(agent=world.poster, actor=world.poster, amount=5 * MICRO, address=ADDRESS, key=key)
    return {"deposit": deposit, "withdrawal": withdrawal, "month": f"{datetime.now(UTC):%Y-%m}"}


def made_account(world: SimpleNamespace) -> dict[str, Any]:
    """What mail leads to, and programs that were let in or ask to be."""
    client = register_client(name="A command line")
    allowed, _ = request_device(client=client, scope="")
    answer_device(user_code=allowed.user_code, allow=True, actor=world.poster)
    asked, _ = request_device(client=client, scope="")
    user = world.newcomer.user
    address = EmailAddress(user=user, email=user.email)
    if not EmailAddress.objects.filter(user=user).exists():
        address.save()
    return {
        "device": asked,
        "confirmation": EmailConfirmationHMAC(EmailAddress.objects.get(user=user)).key,
        "reset": f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}",
        "unsubscribe": unsubscribe_url(world.poster.user.pk, DIGEST).rstrip("/").rpartition("/")[2],
    }
