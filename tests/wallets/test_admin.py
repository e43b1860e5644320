"""What operators see of wallets, and the little that they may change."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.test import Client

from agents.models import Agent
from marketplace.identifiers import uuid7
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of, text_of
from tests.wallets.outside import ADDRESS
from wallets.models import Account, Transfer, Withdrawal
from wallets.queries import balance
from wallets.rails.models import EmbeddedPayout
from wallets.services import announce_deposit, confirm_withdrawal, request_withdrawal

REASON = "Paid in twice by mistake."


@pytest.fixture
def operator(db: None) -> Client:
    return client_of(factories.make_person("Olga", is_staff=True, is_superuser=True))


@pytest.fixture
def withdrawal(poster: Agent) -> Withdrawal:
    return request_withdrawal(agent=poster, actor=poster, amount=5 * MICRO, address=ADDRESS, key="k")


def account_of(agent: Agent) -> Account:
    return Account.objects.get(owner=agent, kind=Account.Kind.AVAILABLE)


def adjust(client: Client, agent: Agent, **typed: Any) -> Any:
    sent = {"amount": "-12.50", "reason": REASON, "key": str(uuid7())} | typed
    return client.post(f"/admin/wallets/account/{account_of(agent).pk}/adjust/", sent)


# Adjustments


@pytest.mark.parametrize(
    ("amount", "after"), [("-12.50", 987_500_000), ("−1", 999 * MICRO), ("+1", 1001 * MICRO), ("7", 1007 * MICRO)]
)
def test_an_operator_adjusts_a_wallet_from_its_account(
    operator: Client, poster: Agent, amount: str, after: int
) -> None:
    address = f"/admin/wallets/account/{account_of(poster).pk}/"
    assert f"{address}adjust/" in operator.get(f"{address}change/").content.decode()
    shown = operator.get(f"{address}adjust/")
    key = shown.context["form"]["key"].value()
    assert str(key) in shown.content.decode()

    answers = [adjust(operator, poster, amount=amount, key=str(key)) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [f"{address}change/"] * 2
    assert balance(poster).available == after
    assert "had been posted before" in text_of(operator.get(f"{address}change/"))
    line = text_of(client_of(poster).get("/wallet/"))
    assert f"{'Added' if after > 1000 * MICRO else 'Taken'} by an operator: {REASON}" in line


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "--1"}, "amount"),
        ({"amount": "1e2"}, "amount"),
        ({"amount": "-"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"reason": ""}, "reason"),
        ({"key": "k"}, "key"),
        ({"amount": "-1000.01"}, "__all__"),
    ],
)
def test_an_adjustment_that_cannot_be_says_why(
    operator: Client, poster: Agent, typed: dict[str, str], field: str, settings: Any
) -> None:
    settings.ADJUSTMENT_ALONE_UP_TO = 2000 * MICRO
    response = adjust(operator, poster, **typed)

    assert list(response.context["form"].errors) == [field]
    assert balance(poster).available == 1000 * MICRO


def test_a_key_that_was_used_for_another_amount_is_refused(operator: Client, poster: Agent) -> None:
    key = str(uuid7())
    adjust(operator, poster, amount="1", key=key)
    assert adjust(operator, poster, amount="2", key=key).context["form"].non_field_errors()
    assert balance(poster).available == 1001 * MICRO


def test_only_those_who_may_post_transfers_adjust_and_never_a_wallet_of_their_own(poster: Agent) -> None:
    looker = factories.make_person("Lena", is_staff=True, funds=5 * MICRO)
    looker.user.user_permissions.add(Permission.objects.get(codename="view_account"))
    address = f"/admin/wallets/account/{account_of(poster).pk}/"

    assert "adjust/" not in client_of(looker).get(f"{address}change/").content.decode()
    assert adjust(client_of(looker), poster).status_code == 403
    assert adjust(client_of(poster), poster)["Location"].startswith("/admin/login/")
    looker.user.user_permissions.add(Permission.objects.get(codename="add_transfer"))
    assert adjust(client_of(looker), poster).status_code == 302
    own = adjust(client_of(looker), looker, amount="5")
    assert "may not adjust a wallet of their own" in str(own.context["form"].non_field_errors())
    assert balance(looker).available == 5 * MICRO


def test_only_what_is_available_can_be_adjusted(operator: Client, poster: Agent, worker: Agent) -> None:
    factories.assigned_job(poster, worker)
    escrow = Account.objects.get(kind=Account.Kind.ESCROW)

    assert operator.get(f"/admin/wallets/account/{escrow.pk}/adjust/").status_code == 404
    assert "adjust/" not in operator.get(f"/admin/wallets/account/{escrow.pk}/change/").content.decode()


# Withdrawals, deposits, play payments


def test_stuck_withdrawals_are_found_and_looked_at_again(
    operator: Client, poster: Agent, withdrawal: Withdrawal, settings: Any
) -> None:
    paid = request_withdrawal(agent=poster, actor=poster, amount=6 * MICRO, address=ADDRESS, key="paid")
    Withdrawal.objects.filter(pk=paid.pk).update(status="SENT")
    confirm_withdrawal(withdrawal=paid, reference="0x1")
    Withdrawal.objects.update(next_step_at=Now() + timedelta(hours=1))
    shown = operator.get("/admin/wallets/withdrawal/?stuck=yes").context["cl"].queryset
    assert list(shown) == []

    settings.WITHDRAWAL_STUCK_AFTER = timedelta(0)
    assert list(operator.get("/admin/wallets/withdrawal/?stuck=yes").context["cl"].queryset) == [withdrawal]
    chosen = {"action": "look_again", "_selected_action": [str(withdrawal.pk), str(paid.pk)]}
    done = operator.post("/admin/wallets/withdrawal/", chosen, follow=True)

    assert "1 withdrawal is looked at now." in text_of(done)
    assert list(Withdrawal.objects.filter(next_step_at__lte=Now())) == [withdrawal]


def test_who_may_only_look_cannot_have_withdrawals_looked_at(withdrawal: Withdrawal) -> None:
    looker = factories.make_person("Lena", is_staff=True)
    looker.user.user_permissions.add(Permission.objects.get(codename="view_withdrawal"))

    page = client_of(looker).get("/admin/wallets/withdrawal/")

    assert page.status_code == 200
    assert "look_again" not in page.content.decode()


def test_rows_of_money_are_for_reading(operator: Client, poster: Agent, withdrawal: Withdrawal) -> None:
    deposit = announce_deposit(agent=poster, amount=5 * MICRO, actor=poster)
    transfer = Transfer.objects.first()
    [address] = poster.deposit_addresses.all()
    for row in (withdrawal, deposit, transfer, address, account_of(poster)):
        path = f"/admin/wallets/{row._meta.model_name}/"
        assert operator.get(path).status_code == 200
        assert "_save" not in operator.get(f"{path}{row.pk}/change/").content.decode()
        statuses = [operator.post(f"{path}{end}").status_code for end in ("add/", f"{row.pk}/change/")]
        assert statuses == [403, 403]


def test_an_operator_decides_the_fate_of_a_play_payment_and_nothing_else(operator: Client, db: None) -> None:
    payout = EmbeddedPayout.objects.create(key=uuid7(), address=ADDRESS, amount=5, due_at=Now())
    path = f"/admin/rails/embeddedpayout/{payout.pk}/change/"

    operator.post(path, {"fate": "REFUSE", "amount": "7", "address": "0x"})

    payout.refresh_from_db()
    assert (payout.fate, payout.amount, payout.address) == ("REFUSE", 5, ADDRESS)
    assert operator.post("/admin/rails/embeddedpayout/add/").status_code == 403
    assert operator.post(f"/admin/rails/embeddedpayout/{payout.pk}/delete/").status_code == 403
