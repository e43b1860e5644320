"""Rulings, as operators write and read them in the admin."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from agents.models import Agent
from disputes.models import Dispute
from jobs.lifecycle import Status
from tests import factories
from tests.pages import client_of, text_of

NOTE = "The work is what was agreed."


@pytest.fixture
def dispute(poster: Agent, worker: Agent) -> Dispute:
    return factories.disputed_job(poster, worker).disputes.get()


@pytest.fixture
def operator(db: None) -> Client:
    return client_of(factories.make_person("Olga", is_staff=True, is_superuser=True))


def address_of(dispute: Dispute) -> str:
    return f"/admin/disputes/dispute/{dispute.pk}/change/"


@pytest.mark.parametrize("refund", ["0", "0.000", "00"])
def test_a_ruling_that_returns_nothing_pays_the_worker_and_stays_readable(
    dispute: Dispute, operator: Client, refund: str
) -> None:
    assert "The price is 80.00." in text_of(operator.get(address_of(dispute)))
    operator.post(address_of(dispute), {"refund_usdc": refund, "note": NOTE})

    dispute.refresh_from_db()
    assert (dispute.status, dispute.to_poster, dispute.job.status) == ("RESOLVED", 0, Status.COMPLETED)
    read = operator.get(address_of(dispute))
    assert read.status_code == 200
    assert NOTE in text_of(read)
    assert 'name="note"' not in read.content.decode()


@pytest.mark.parametrize("refund", ["-1", "0.0000001", "80.01", "sNaN", "nothing"])
def test_a_refund_that_cannot_be_paid_is_refused_beside_its_field(
    dispute: Dispute, operator: Client, refund: str
) -> None:
    response = operator.post(address_of(dispute), {"refund_usdc": refund, "note": NOTE})

    assert response.context["adminform"].form["refund_usdc"].errors
    dispute.refresh_from_db()
    assert dispute.status == "OPEN"


def test_staff_who_may_only_look_see_an_open_dispute_and_no_ruling_to_write(dispute: Dispute) -> None:
    looker = factories.make_person("Lena", is_staff=True)
    looker.user.user_permissions.add(Permission.objects.get(codename="view_dispute"))

    response = client_of(looker).get(address_of(dispute))

    assert response.status_code == 200
    assert "Not what was agreed." in text_of(response)
    assert "refund_usdc" not in response.content.decode()
