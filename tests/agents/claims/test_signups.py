"""What is kept of sign-ups, what happens at the same moment, and mails (FEATURES J14; SURVIVE S2, S7, M2)."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models.functions import Now

from agents.claims import services
from agents.claims.models import ClaimToken, Signup
from agents.claims.services import (
    MOST_WAITING,
    WAITS,
    AlreadyClaimed,
    SignupExpired,
    TooManyWaiting,
    claim_agent,
    expire_signups,
    forget_signups,
    record_sent,
    sign_up_agent,
    take_due_mail,
)
from agents.claims.tasks import send_claim_mails
from agents.models import Agent, ApiKey
from agents.services import HandleTaken
from marketplace.events.models import Event
from tests.agents.claims.conftest import OWNER, lapse, person_with
from tests.agents.mail.conftest import new_server, server  # noqa: F401
from tests.pages import client_of
from tests.racing import losers, race, winners


def come_due() -> None:
    """Time goes by until mails that wait are due again."""
    Signup.objects.filter(mail_due_at__isnull=False).update(mail_due_at=Now())


def test_a_token_is_in_the_mail_and_nowhere_else(invited):
    """S2: what is stored opens nothing."""
    _, token = invited()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(s::text, ' ') || (SELECT string_agg(t::text, ' ') FROM claims_claimtoken t)"
            " || (SELECT coalesce(string_agg(e::text, ' '), '') FROM events_event e) FROM claims_signup s"
        )
        [[stored]] = cursor.fetchall()
    assert (len(token) > 50, token in stored, token.removeprefix(ClaimToken.PREFIX) in stored) == (True, False, False)


def test_a_mail_says_who_and_how_in_one_plain_line_each(invited, mailoutbox, settings):
    """S7, M4: the name is a stranger's; it brings no lines, no hidden characters and no link."""
    settings.SITE_URL = "https://guild.example"
    invited(name="Evil\u202e https://evil.example/\nBcc: all@people.example", handle="evil")
    [mail] = mailoutbox
    assert (mail.subject, mail.to, mail.bcc) == ("Claim your agent @evil", [OWNER], [])
    assert "https://guild.example/agent-claim?token=mj_claim_" in mail.body
    assert "https://evil" not in mail.body and "\u202e" not in mail.body and "\nBcc" not in mail.body
    [html, media_type] = mail.alternatives[0]
    assert media_type == "text/html" and 'href="https://guild.example/agent-claim?token=mj_claim_' in html
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_tried_again(server):  # noqa: F811
    sign_up_agent(owner_email=OWNER, name="Scout")
    server.stop()
    assert send_claim_mails() == 1
    signup = Signup.objects.get()
    assert (signup.mails_sent, signup.mail_attempts, "Error" in signup.last_error) == (0, 1, True)
    assert signup.mail_due_at is not None and send_claim_mails() == 0
    for _ in WAITS:
        come_due()
        assert send_claim_mails() == 1
    come_due()
    assert (send_claim_mails(), Signup.objects.get().mail_due_at) == (0, None)


@pytest.mark.django_db
def test_a_worker_that_died_with_a_mail_holds_it_up_for_a_while_only(mailoutbox):
    sign_up_agent(owner_email=OWNER, name="Scout")
    lost = take_due_mail()
    assert lost is not None and send_claim_mails() == 0
    come_due()
    assert (send_claim_mails(), len(mailoutbox)) == (1, 1)
    record_sent(lost)
    assert Signup.objects.get().mails_sent == 1
    # It may have gone all the same: both links work.
    claim_agent(token=lost.token, actor=person_with())


@pytest.mark.django_db
def test_what_is_claimed_or_over_is_not_mailed(invited, mailoutbox):
    _, token = invited()
    signup, _ = invited(name="Second", owner_email="other@people.example")
    Signup.objects.update(mail_due_at=Now())
    lapse(signup)
    claim_agent(token=token, actor=person_with())
    assert (send_claim_mails(), len(mailoutbox)) == (0, 2)


@pytest.mark.django_db
def test_the_address_of_a_sign_up_that_came_to_nothing_is_forgotten(invited):
    invited()
    lapse()
    assert (expire_signups(), forget_signups()) == (1, 0)
    Signup.objects.update(expires_at=Now() - timedelta(days=31))
    assert forget_signups() > 0
    assert not Signup.objects.exists() and not ClaimToken.objects.exists()


@pytest.mark.django_db
def test_operators_see_sign_ups_and_change_none(invited):
    signup, _ = invited(handle="scout")
    operator = person_with()
    operator.user.is_staff = operator.user.is_superuser = True
    operator.user.save()
    client = client_of(operator)
    page = client.get("/admin/claims/signup/?q=scout")
    assert "scout" in page.content.decode() and OWNER in page.content.decode()
    assert client.get(f"/admin/claims/signup/{signup.pk}/change/").status_code == 200
    assert client.post(f"/admin/claims/signup/{signup.pk}/change/", {"status": "CLAIMED"}).status_code == 403
    assert client.post(f"/admin/claims/signup/{signup.pk}/delete/", {"post": "yes"}).status_code == 403


# Races


@pytest.mark.django_db(transaction=True)
def test_one_of_many_claims_at_the_same_moment_wins(invited):
    """M2: 64 parallel claims of one agent, and one owner, one key, one event."""
    _, token = invited()
    owner = person_with()
    outcomes = race([partial(claim_agent, token=token, actor=owner)] * 64)
    assert len(winners(outcomes)) == 1, outcomes
    assert {type(loser) for loser in losers(outcomes)} == {AlreadyClaimed}
    assert (ApiKey.objects.count(), Event.objects.filter(type="agent.claimed").count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_token_works_often(invited, monkeypatch):
    """Negative control: all read the sign-up before any has written it; the agent's own row is the second line."""
    _, token = invited()
    owner = person_with()
    monkeypatch.setattr(services, "_lock", lambda signup: signup)
    outcomes = race([partial(claim_agent, token=token, actor=owner)] * 8)
    assert len(winners(outcomes)) == 1
    assert AlreadyClaimed not in {type(loser) for loser in losers(outcomes)}


@pytest.mark.django_db(transaction=True)
def test_a_handle_is_given_once():
    outcomes = race([partial(sign_up_agent, owner_email=f"p{n}@x.example", name="N", handle="one") for n in range(16)])
    assert (len(winners(outcomes)), {type(loser) for loser in losers(outcomes)}) == (1, {HandleTaken})


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_sign_ups_for_one_address_passes_no_more_than_one_by_one():
    outcomes = race([partial(sign_up_agent, owner_email=OWNER, name=f"N{number}") for number in range(32)])
    assert (len(winners(outcomes)), {type(loser) for loser in losers(outcomes)}) == (MOST_WAITING, {TooManyWaiting})


@pytest.mark.django_db(transaction=True)
def test_a_claim_and_the_end_of_the_sign_up_never_both_happen(invited):
    signup, token = invited()
    owner = person_with()
    lapse(signup)
    outcomes = race([partial(claim_agent, token=token, actor=owner), expire_signups] * 4)
    # A sweep passes over what a claim is looking at; the next one finds it.
    expire_signups()
    assert {type(outcome) for outcome in outcomes[::2]} == {SignupExpired}
    signup.refresh_from_db()
    assert (signup.status, signup.agent_id, Agent.objects.filter(handle=signup.handle).exists()) == (
        "EXPIRED",
        None,
        False,
    )


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_sent_by_one_worker(mailoutbox):
    sign_up_agent(owner_email=OWNER, name="Scout")
    taken = [mail for mail in race([take_due_mail] * 8) if mail is not None]
    assert len(taken) == 1 and ClaimToken.objects.count() == 1
