import collections, pytest
from tests.jobs import test_lifecycle as t
C=collections.Counter(); orig=t.Market.teardown
def td(self):
    C.update(t.Job.objects.values_list("status",flat=True)); C["steps"]+=1; orig(self)
@pytest.mark.django_db
def test_stats(monkeypatch):
    monkeypatch.setattr(t.Market,"teardown",td)
    t.test_whatever_agents_do_the_books_are_sound()
    print(C)
