"""An operator with many disputes meets no dead end on the way through them (FEATURES P2)."""

from agents.models import Agent
from disputes.appeals.services import make_appeal
from disputes.models import Dispute
from disputes.services import resolve_dispute
from tests import factories
from tests.marketplace.desk.people import NOTE, address_of, make_operator
from tests.pages import client_of, text_of


def test_after_a_ruling_the_next_case_and_what_became_of_this_one_are_one_step_away(
    poster: Agent, worker: Agent
) -> None:
    dispute: Dispute = factories.disputed_job(poster, worker).disputes.get()
    waiting: Dispute = factories.disputed_job(poster, worker, title="The next one").disputes.get()
    arbiter, other = make_operator("arbiter", name="Ada"), make_operator("arbiter", name="Bob")
    dispute = resolve_dispute(dispute=dispute, actor=arbiter, to_poster=factories.PRICE // 2, note=NOTE)
    appeal = make_appeal(dispute=dispute, actor=worker, reason="The second half was there.")

    page = client_of(other).get(address_of(dispute)).content.decode()
    assert f"/admin/appeals/appeal/{appeal.pk}/change/" in page
    taken = client_of(other).post("/admin/disputes/dispute/next/", follow=True)
    assert 'value="Take the next case"' in page and waiting.job.title in text_of(taken)


def test_who_may_not_decide_an_appeal_is_told_before_they_write(poster: Agent, worker: Agent) -> None:
    dispute: Dispute = factories.disputed_job(poster, worker).disputes.get()
    arbiter, other = make_operator("arbiter", name="Ada"), make_operator("arbiter", name="Bob")
    dispute = resolve_dispute(dispute=dispute, actor=arbiter, to_poster=factories.PRICE // 2, note=NOTE)
    address = f"/admin/appeals/appeal/{make_appeal(dispute=dispute, actor=worker, reason='It was there.').pk}/change/"

    refused = client_of(arbiter).get(address)
    assert "Somebody else than who mediated or ruled decides" in text_of(refused)
    assert "Show what it does" not in refused.content.decode()
    assert "Show what it does" in client_of(other).get(address).content.decode()
