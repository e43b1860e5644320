"""The database of the tests: the template follows the migrations, and emptying it leaves what they wrote."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection

from agents.categories.models import Category
from agents.models import Agent
from tests import database, factories


def test_whatever_makes_the_tables_makes_the_name_of_the_template(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The migrations of ours and of packages, and modules of ours that they import."""
    sources = database.sources()
    endings = ("wallets/migrations/0002_ledger_post.py", "jobs/epochs.py", "marketplace/identifiers.py")
    assert all(any(str(path).endswith(ending) for path in sources) for ending in endings)
    assert any("allauth" in path.parts for path in sources)
    before = database.fingerprint()
    (tmp_path / "0099_more.py").write_text("from django.db import migrations\n")
    monkeypatch.setattr(database, "sources", lambda: {*sources, tmp_path / "0099_more.py"})
    assert database.fingerprint() != before


@pytest.mark.django_db(transaction=True)
def test_emptying_leaves_what_the_migrations_wrote() -> None:
    """Rows that triggers would keep go too; categories, permissions and groups stay or come back."""
    written = (Category, Group, Permission)
    before = [list(model.objects.order_by("pk").values()) for model in written]
    assert all(before)
    factories.completed_job(factories.make_person(funds=factories.FUNDS), factories.make_agent())
    Category.objects.all().delete()
    Group.objects.filter(name="support").update(name="robbers")

    database.empty()

    assert [list(model.objects.order_by("pk").values()) for model in written] == before
    assert not Agent.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM wallets_entry")
        assert cursor.fetchone() == (0,)
