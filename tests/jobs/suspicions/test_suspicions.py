"""Those who look as if they dealt with themselves are found, and earn nothing by it (SURVIVE M1)."""

from collections.abc import Callable

import pytest
from django.test import Client

from agents.models import Agent
from agents.reputation import FULL_PRICE, PRIOR
from jobs.reputation.tasks import compute_reputation
from jobs.reviews.services import approve_and_review, reveal_reviews
from jobs.suspicions import finding
from jobs.suspicions.models import Suspicion
from jobs.suspicions.services import decide
from jobs.suspicions.tasks import notice_suspicions
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests.factories import fund, make_agent, make_person, submitted_job
from tests.jobs.reputation.reference import expected
from wallets.services import request_withdrawal

pytestmark = pytest.mark.django_db
TINY = FULL_PRICE // 100
ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture
def operator(db: None) -> Agent:
    return make_person("Olga", is_staff=True, is_superuser=True)


def praised(poster: Agent, worker: Agent, price: int = TINY) -> None:
    """A job of that price with five stars."""
    job = approve_and_review(job=submitted_job(poster, worker, price=price), actor=poster, rating=5)
    reveal_reviews(job=job)


def ring(size: int, price: int = TINY) -> list[Agent]:
    """As many people, each of whom has praised the next one's work."""
    members = [make_person(f"Ring{number}", funds=10 * MICRO) for number in range(size)]
    for poster, worker in zip(members, [*members[1:], members[0]], strict=True):
        praised(poster, worker, price)
    return members


def standing(agent: Agent) -> float:
    while relay_batch():
        pass
    compute_reputation()
    agent.refresh_from_db()
    return agent.reputation


def test_rings_are_found_however_few_starts_are_searched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the market: a start at a time finds what all at once do."""
    members = [set(ring(2)), set(ring(3))]
    at_once = finding.find(Suspicion.Kind.RING)
    monkeypatch.setitem(finding.CONSTANTS, "starts", 1)
    assert finding.find(Suspicion.Kind.RING) == at_once
    assert sorted(map(len, at_once.values())) == sorted(map(len, members))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_ring_of_tiny_jobs_is_flagged_and_worth_nothing(size: int) -> None:
    """M1: A for B and B for A, or round by others."""
    members = ring(size)
    assert notice_suspicions() == 1
    suspicion = Suspicion.objects.get()
    assert (suspicion.kind, suspicion.verdict, set(suspicion.members.all())) == ("RING", "OPEN", set(members))
    assert [standing(member) for member in members] == [PRIOR] * size
    assert notice_suspicions() == 0


def test_the_agents_of_one_owner_are_one_link_of_a_ring() -> None:
    """M1: each deal has another of the owner's agents in it."""
    ann, ben = make_person("Ann", funds=10 * MICRO), make_person("Ben", funds=10 * MICRO)
    praised(ann, make_agent(ben, name="First"))
    praised(fund(make_agent(ben, name="Second"), MICRO), make_agent(ann, name="Third"))
    assert notice_suspicions() == 1
    assert set(Suspicion.objects.get().members.all()) == {ann, ben}


def honest_prices() -> list[Agent]:
    return ring(3, price=FULL_PRICE)


def one_way() -> list[Agent]:
    first, second, third = (make_person(f"Way{number}", funds=10 * MICRO) for number in range(3))
    praised(first, second)
    praised(second, third)
    return [second, third]


def a_small_part_of_much_work() -> list[Agent]:
    """Whoever works for many is in a circle with somebody by chance."""
    members = ring(3)
    for number in range(4):
        praised(make_person(f"Client{number}", funds=MICRO), members[0])
    return members


@pytest.mark.parametrize("deals", [honest_prices, one_way, a_small_part_of_much_work])
def test_honest_deals_are_not_flagged(deals: Callable[[], list[Agent]]) -> None:
    members = deals()
    assert notice_suspicions() == 0
    assert all(standing(member) > PRIOR for member in members)


def test_two_who_are_paid_out_at_one_address_are_flagged(poster: Agent, worker: Agent, operator: Agent) -> None:
    """M1: what they earned from each other counts no more; what they earned from others does."""
    praised(poster, worker, 20 * MICRO)
    alone = standing(worker)
    praised(make_person("Else", funds=20 * MICRO), worker, 20 * MICRO)
    for agent in (poster, worker):
        actor = agent if agent.is_human else agent.owner.agent
        request_withdrawal(agent=agent, actor=actor, amount=MICRO, address=ADDRESS, key="1")
    both = standing(worker)
    assert notice_suspicions() == 1
    assert set(Suspicion.objects.get().members.all()) == {poster, worker.owner.agent}
    assert both > alone == pytest.approx(standing(worker))
    assert worker.reputation == pytest.approx(expected(worker)[0])

    request_withdrawal(agent=fund(operator, MICRO), actor=operator, amount=MICRO, address=ADDRESS, key="1")
    decide(
        suspicion=Suspicion.objects.get(),
        actor=make_person("Otto", is_staff=True),
        verdict=Suspicion.Verdict.DISMISSED,
        note="A custodian.",
    )
    assert notice_suspicions() == 1, "somebody new is in it"
    assert (Suspicion.objects.get().verdict, Suspicion.objects.get().suspects.count()) == ("OPEN", 3)
    with pytest.raises(NotAllowed, match="none of them"):
        decide(suspicion=Suspicion.objects.get(), actor=operator, verdict=Suspicion.Verdict.DISMISSED, note="Mine.")


def test_what_an_operator_dismisses_counts_again_and_stays_dismissed(operator: Agent) -> None:
    """And what is confirmed goes on counting for nothing."""
    members = ring(3)
    notice_suspicions()
    suspicion = Suspicion.objects.get()
    with pytest.raises(Invalid) as refusal:
        decide(suspicion=suspicion, actor=operator, verdict=Suspicion.Verdict.DISMISSED, note=" ")
    assert [error.field for error in refusal.value.errors] == ["note"]
    with pytest.raises(NotAllowed):
        decide(suspicion=suspicion, actor=members[0], verdict=Suspicion.Verdict.DISMISSED, note="Honest.")

    decide(suspicion=suspicion, actor=operator, verdict=Suspicion.Verdict.DISMISSED, note="A club of friends.")
    assert notice_suspicions() == 0
    assert PRIOR < standing(members[0]) == pytest.approx(expected(members[0])[0])
    decide(suspicion=suspicion, actor=operator, verdict=Suspicion.Verdict.CONFIRMED, note="No club after all.")
    assert notice_suspicions() == 0
    assert standing(members[0]) == PRIOR


def test_searching_takes_as_many_queries_however_many_deals_there_are(
    django_assert_num_queries: Callable[..., object],
) -> None:
    """While nothing is new: a transaction with what is searched, two queries for some of the starts, and addresses."""
    for number in range(5):
        praised(make_person(f"Client{number}", funds=MICRO), make_agent())
    with django_assert_num_queries(2 + 3 + 2 + 1):
        notice_suspicions()


def test_an_operator_decides_in_the_admin(operator: Agent) -> None:
    members = ring(2)
    notice_suspicions()
    suspicion = Suspicion.objects.get()
    client = Client()
    client.force_login(operator.user)
    address = f"/admin/suspicions/suspicion/{suspicion.pk}/change/"
    assert members[0].handle in client.get(address).content.decode()
    inlines = {"suspects-TOTAL_FORMS": "0", "suspects-INITIAL_FORMS": "0"}
    shown = client.post(address, {"verdict": "CONFIRMED", "note": "", **inlines})
    assert shown.status_code == 200
    assert client.post(address, {"verdict": "CONFIRMED", "note": "Two of a kind.", **inlines}).status_code == 302
    suspicion.refresh_from_db()
    assert (suspicion.verdict, suspicion.decided_by) == ("CONFIRMED", operator)
