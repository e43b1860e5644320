"""Money that leaves: debited first, sent once, then confirmed or put back, whatever fails on the way (J15, L3, L8)."""

from datetime import timedelta
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.db.models.functions import Now
from eth_utils.address import to_checksum_address

from agents.models import Agent
from jobs.services import tip_job
from marketplace.errors import Invalid, NotAllowed
from marketplace.events.models import Event
from marketplace.money import MICRO
from tests.factories import PRICE, completed_job, make_agent, make_person
from tests.racing import race
from tests.wallets.outside import ADDRESS, OutsideRail, PowerCut, cut, rail_in_use, refuse, time_out
from wallets.ledger import InsufficientFunds, KeyReused
from wallets.models import Transfer, Withdrawal
from wallets.queries import balance, deposit_address, stuck_withdrawals
from wallets.rails.base import Outcome, Verdict
from wallets.rails.embedded import REFUSED_ADDRESS, SILENT_ADDRESS
from wallets.rails.services import claim_withdrawals, move_withdrawal
from wallets.rails.tasks import move_withdrawals
from wallets.services import (
    confirm_withdrawal,
    grant_signup_bonus,
    provision_wallet,
    request_withdrawal,
    reverse_withdrawal,
)

pytestmark = pytest.mark.django_db(transaction=True)

FUNDS = 100 * MICRO


@pytest.fixture
def owner(transactional_db) -> Agent:
    return make_person("Wilma", funds=FUNDS)


@pytest.fixture
def outside(settings):
    with rail_in_use(settings, OutsideRail()) as rail:
        yield rail


def withdraw(agent: Agent, amount: int = 40 * MICRO, key: str = "k", **changes) -> Withdrawal:
    return request_withdrawal(
        **{"agent": agent, "actor": agent, "amount": amount, "address": ADDRESS, "key": key} | changes
    )


def make_due() -> None:
    """As if the wait or the lease were over."""
    Withdrawal.objects.update(next_step_at=Now())


def sweep(times: int = 3) -> None:
    for _ in range(times):
        make_due()
        move_withdrawals()


def kinds() -> list[str]:
    return list(
        Transfer.objects.filter(kind__startswith="WITHDRAWAL").order_by("created_at").values_list("kind", flat=True)
    )


def story(withdrawal: Withdrawal) -> tuple[str, int, int, list[str]]:
    """Its status, what its owner may spend and what is on its way, and how money moved."""
    withdrawal.refresh_from_db()
    now = balance(withdrawal.agent)
    return withdrawal.status, now.available // MICRO, now.withdrawing // MICRO, kinds()


PAID = ("CONFIRMED", 60, 0, ["WITHDRAWAL", "WITHDRAWAL_CONFIRMED"])
PUT_BACK = ("REVERSED", 100, 0, ["WITHDRAWAL", "WITHDRAWAL_REVERSED"])


def test_a_withdrawal_is_debited_at_once_and_paid_by_a_task(owner, outside):
    withdrawal = withdraw(owner)
    assert story(withdrawal) == ("PENDING", 60, 40, ["WITHDRAWAL"])
    assert not outside.paid, "no request waits for the outside"
    sweep()
    assert story(withdrawal) == PAID
    assert outside.paid == {withdrawal.pk: 1}
    assert withdrawal.reference.startswith("0x") and withdrawal.settled_at
    told = Event.objects.filter(type__startswith="wallet.w").order_by("id").values_list("type", flat=True)
    assert list(told) == ["wallet.withdrawal_requested", "wallet.withdrawn"]


def test_the_same_key_asks_once(owner, outside):
    one, again = withdraw(owner), withdraw(owner)
    assert one.pk == again.pk and kinds() == ["WITHDRAWAL"]
    with pytest.raises(KeyReused):
        withdraw(owner, amount=41 * MICRO)
    assert balance(owner).withdrawing == 40 * MICRO


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"before": [cut]}, id="killed before it is sent"),
        pytest.param({"after": [cut]}, id="killed after it is sent, before that is recorded"),
        pytest.param({"before": [time_out]}, id="the outside times out and did nothing"),
        pytest.param({"after": [time_out]}, id="the outside times out and had paid"),
        pytest.param({"before": [time_out, cut], "after": [time_out, cut]}, id="all of it"),
    ],
)
def test_whatever_fails_it_is_paid_once(owner, outside, faults):
    withdrawal = withdraw(owner)
    outside.before, outside.after = list(faults.get("before", [])), list(faults.get("after", []))
    sweep(times=8)
    assert story(withdrawal) == PAID
    assert outside.paid == {withdrawal.pk: 1}
    assert outside.asked[withdrawal.pk] > 1, "or nothing was tried again"


def test_a_worker_that_dies_holding_it_loses_only_its_lease(owner, outside):
    withdrawal = withdraw(owner)
    [claimed] = claim_withdrawals()
    assert claim_withdrawals() == [], "nobody else has it while the lease lasts"
    outside.after = [cut]
    with pytest.raises(PowerCut):
        move_withdrawal(claimed)
    withdrawal.refresh_from_db()
    assert withdrawal.status == "PENDING"
    sweep()
    assert (story(withdrawal), outside.paid) == (PAID, {withdrawal.pk: 1})


def test_what_is_refused_is_put_back_once(owner, outside):
    withdrawal = withdraw(owner)
    outside.before = [refuse]
    sweep()
    assert story(withdrawal) == PUT_BACK
    assert withdrawal.last_error == "The bank knows no such account."
    assert not outside.paid


def test_what_is_refused_after_it_was_sent_is_put_back(owner, outside):
    withdrawal = withdraw(owner)
    outside.verdicts[withdrawal.pk] = Outcome(Verdict.REFUSED, detail="it bounced")
    sweep()
    assert story(withdrawal) == PUT_BACK


def test_a_yes_that_comes_twice_or_a_no_after_it_changes_nothing(owner, outside):
    withdrawal = withdraw(owner)
    sweep()
    assert not confirm_withdrawal(withdrawal=withdrawal, reference="0xagain")
    assert not reverse_withdrawal(withdrawal=withdrawal, reason="no, after all")
    assert story(withdrawal) == PAID


def test_yes_and_no_at_the_same_moment_are_one_answer(owner, outside):
    for number in range(10):
        withdrawal = withdraw(owner, amount=MICRO, key=f"both {number}")
        make_due()
        [claimed] = claim_withdrawals()
        move_withdrawal(claimed)
        yes = partial(confirm_withdrawal, withdrawal=withdrawal, reference="0xyes")
        no = partial(reverse_withdrawal, withdrawal=withdrawal, reason="no")
        assert sorted(race([yes, no] * 4)) == [False] * 7 + [True]


def test_two_sweeps_at_once_pay_once(owner, outside):
    withdrawals = [withdraw(owner, amount=MICRO, key=f"sweep {number}") for number in range(20)]
    for _ in range(3):
        make_due()
        race([move_withdrawals] * 6)
    assert outside.paid == {withdrawal.pk: 1 for withdrawal in withdrawals}
    assert set(Withdrawal.objects.values_list("status", flat=True)) == {"CONFIRMED"}


def test_one_that_does_not_move_is_listed_for_operators(owner, outside, settings):
    withdrawal = withdraw(owner)
    outside.before = [time_out] * 100
    sweep()
    assert not stuck_withdrawals().exists()
    settings.WITHDRAWAL_STUCK_AFTER = timedelta(0)
    [stuck] = stuck_withdrawals()
    assert (stuck.pk, stuck.last_error, stuck.attempts) == (withdrawal.pk, "The bank did not answer in time.", 3)
    assert stuck.next_step_at - Withdrawal.objects.annotate(now=Now()).get().now > timedelta(seconds=5), (
        "it waits longer"
    )


def test_what_a_rail_says_while_it_waits_is_for_operators(owner, outside):
    withdrawal = withdraw(owner)
    outside.before = [time_out]
    sweep(times=1)
    withdrawal.refresh_from_db()
    assert withdrawal.last_error == "The bank did not answer in time."
    assert withdrawal.problem == "It cannot be paid right now and is tried again by itself."


def test_nothing_is_sent_for_a_suspended_agent_until_it_no_longer_is(owner, outside):
    withdrawal = withdraw(owner)
    Agent.objects.update(status=Agent.Status.SUSPENDED)
    sweep()
    assert story(withdrawal)[0] == "PENDING" and not outside.asked
    Agent.objects.update(status=Agent.Status.ACTIVE)
    sweep()
    assert story(withdrawal) == PAID


def test_what_a_rail_has_prepared_is_sent_though_its_agent_is_suspended(owner, outside):
    """A nonce that was given out and left lying would hold up everybody behind it."""
    withdrawal = withdraw(owner)
    outside.before = [time_out]
    sweep(times=1)
    Agent.objects.update(status=Agent.Status.SUSPENDED)
    sweep()
    assert (story(withdrawal), outside.prepared) == (PAID, {withdrawal.pk: 1})


def test_one_that_breaks_does_not_hold_up_the_others(owner, outside):
    broken, fine = withdraw(owner, MICRO, "broken"), withdraw(owner, MICRO, "fine")
    outside.before = [cut]
    make_due()
    move_withdrawals()
    statuses = [Withdrawal.objects.get(pk=one.pk).status for one in (broken, fine)]
    assert statuses == ["PENDING", "CONFIRMED"]


@pytest.mark.parametrize(
    ("address", "status"), [(REFUSED_ADDRESS, "REVERSED"), (SILENT_ADDRESS, "SENT"), (ADDRESS, "CONFIRMED")]
)
def test_the_embedded_rail_can_be_told_to_fail_by_the_address(owner, address, status):
    withdrawal = withdraw(owner, address=address)
    sweep()
    withdrawal.refresh_from_db()
    assert withdrawal.status == status
    assert balance(owner).available == (FUNDS if status == "REVERSED" else FUNDS - 40 * MICRO)


def test_nobody_withdraws_what_is_not_there(owner):
    with pytest.raises(InsufficientFunds) as refusal:
        withdraw(owner, amount=FUNDS + 1)
    assert refusal.value.extra == {"available": "100.00"}
    assert not Withdrawal.objects.exists()


GOOD = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # from EIP-55


@pytest.mark.parametrize("address", [GOOD, GOOD.lower(), "0x" + GOOD[2:].upper()])
def test_an_address_is_kept_with_its_checksum(owner, address):
    """EIP-55: without one of the two cases there is no checksum to be wrong."""
    assert withdraw(owner, address=address).address == GOOD


@pytest.mark.parametrize(
    "address",
    [
        GOOD.replace("a", "A", 1),
        GOOD[:-1],
        GOOD + "0",
        GOOD[2:],
        "0X" + GOOD[2:],
        " " + GOOD,
        "0x" + "0" * 40,
        "0x" + "g" * 40,
        "0x" + "١" * 40,
        "vitalik.eth",
        "",
    ],
)
def test_a_wrong_address_is_refused_by_name(owner, address):
    with pytest.raises(Invalid) as refusal:
        withdraw(owner, address=address)
    assert [error.field for error in refusal.value.errors] == ["address"]


def test_nothing_is_withdrawn_to_a_wallet_of_the_marketplace(owner):
    other = make_person("Other")
    address = provision_wallet(agent=other, actor=other).address
    assert deposit_address(other) == address == to_checksum_address(address)
    with pytest.raises(Invalid, match="marketplace"):
        withdraw(owner, address=address)


def test_the_least_amount_is_said(owner):
    with pytest.raises(Invalid, match=r"at least 1\.00"):
        withdraw(owner, amount=999_999)


def test_an_agent_without_an_owner_cannot_withdraw(owner):
    agent = make_agent(funds=FUNDS)
    Agent.objects.filter(pk=agent.pk).update(owner=None)
    agent.refresh_from_db()
    with pytest.raises(NotAllowed, match="claim"):
        withdraw(agent)


def test_a_suspended_agent_cannot_withdraw(owner):
    owner.status = Agent.Status.SUSPENDED
    owner.save()
    with pytest.raises(NotAllowed, match="suspended"):
        withdraw(owner)


def test_a_bonus_is_spent_on_others_work_and_never_withdrawn(owner, settings):
    """SURVIVE M2"""
    settings.SIGNUP_BONUS, settings.SIGNUP_BONUS_BUDGET = 100 * MICRO, 250 * MICRO
    newcomers = [make_person("New") for _ in range(3)]
    assert [grant_signup_bonus(agent=one) for one in newcomers] == [100 * MICRO, 100 * MICRO, 0], "the budget stops it"
    newcomer = newcomers[0]
    assert grant_signup_bonus(agent=newcomer) == 0, "once"
    with pytest.raises(InsufficientFunds) as refusal:
        withdraw(newcomer, amount=MICRO)
    assert refusal.value.extra == {"available": "0.00"}
    job = completed_job(newcomer, make_agent(), price=PRICE)
    for cash in (partial(withdraw, newcomer, amount=MICRO), partial(tip_job, job=job, actor=newcomer, amount=1)):
        with pytest.raises(InsufficientFunds):
            cash()
    completed_job(newcomer, make_agent(), price=20 * MICRO)
    assert balance(newcomer).available == 0


def test_who_confirms_an_address_is_welcomed_with_a_bonus(settings, transactional_db):
    settings.SIGNUP_BONUS, settings.SIGNUP_BONUS_BUDGET = 5 * MICRO, 5 * MICRO
    for name, bonus in (("New", 5 * MICRO), ("Late", 0)):
        newcomer = make_person(name)
        address = EmailAddress(user=newcomer.user, email=newcomer.user.email, verified=True)
        for _ in range(2):
            email_confirmed.send(EmailAddress, request=None, email_address=address)
        assert balance(newcomer).available == bonus


def test_many_sign_ups_at_once_from_one_source_get_as_many_as_one_source_gets(settings, transactional_db):
    """SURVIVE M2: scaled from 1,000 sign-ups."""
    settings.SIGNUP_BONUS, settings.SIGNUP_BONUS_BUDGET = MICRO, 1000 * MICRO
    settings.SIGNUP_BONUSES_PER_SOURCE = 5
    newcomers = [make_person(f"New{number}") for number in range(24)]
    given = race([partial(grant_signup_bonus, agent=one, source="192.0.2.1") for one in newcomers])
    assert sorted(given) == [0] * 19 + [MICRO] * 5
    assert grant_signup_bonus(agent=newcomers[given.index(0)], source="192.0.2.2") == MICRO


def test_64_claims_of_one_bonus_give_one(settings, transactional_db):
    """SURVIVE M2"""
    settings.SIGNUP_BONUS, settings.SIGNUP_BONUS_BUDGET = MICRO, 1000 * MICRO
    newcomer = make_person("New")
    assert sorted(race([partial(grant_signup_bonus, agent=newcomer)] * 64)) == [0] * 63 + [MICRO]
    assert balance(newcomer).available == MICRO
