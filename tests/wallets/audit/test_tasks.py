"""The books are looked at every day, whether or not anybody asks, and operators can read what was found."""

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.celery import app
from tests.factories import make_person
from tests.wallets.audit.tampering import tampered
from wallets.audit.models import AuditReport, Seal
from wallets.audit.seals import seal_transfers
from wallets.audit.tasks import reconcile

pytestmark = pytest.mark.django_db


def test_the_books_are_looked_at_when_that_is_due_and_not_before():
    assert reconcile() is True
    assert reconcile() is None
    assert AuditReport.objects.count() == 1


def test_a_day_later_they_are_looked_at_again():
    long_ago = timezone.now() - timedelta(seconds=settings.AUDIT_SECONDS)
    AuditReport.objects.create(started_at=long_ago, finished_at=long_ago, entries=0, checks=0, finding_count=0)
    assert reconcile() is True


def test_books_that_are_not_sound_are_an_error_in_the_log(caplog):
    make_person(funds=1)
    with tampered("UPDATE wallets_account SET balance = 2 WHERE kind = 'AVAILABLE'"):
        assert reconcile() is False
    [record] = [record for record in caplog.records if record.name == "wallets.audit.services"]
    assert record.levelno == logging.ERROR
    assert record.msg["event"] == "books_not_sound"
    assert record.msg["checks"] == ["a balance is the sum of its entries"]


def test_the_clock_knows_both_tasks():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    app.loader.import_default_modules()
    assert {"wallets.audit.tasks.seal", "wallets.audit.tasks.reconcile"} <= scheduled & set(app.tasks)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_auditreport SET finding_count = 0", "DELETE FROM audit_auditreport"]
)
def test_the_database_refuses_to_change_a_report(statement):
    reconcile()
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize("model", [Seal, AuditReport])
def test_operators_read_and_change_nothing(admin_client, model):
    make_person(funds=1)
    seal_transfers()
    reconcile()
    page = f"/admin/audit/{model._meta.model_name}"
    row = f"{page}/{model.objects.get().pk}"
    assert [admin_client.get(f"{address}/").status_code for address in (page, f"{row}/change")] == [200, 200]
    refused = [f"{page}/add/", f"{row}/change/", f"{row}/delete/"]
    assert [admin_client.post(address, {}).status_code for address in refused] == [403, 403, 403]
