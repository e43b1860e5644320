"""What was handed in is read by people (issue 7): texts, lists, tables and trees, whatever its shape."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Agent
from jobs.readable import DEEPEST, MOST_ITEMS, facts, shape_of
from jobs.services import cancel_job, reject_submission, submit_output
from tests import factories
from tests.pages import client_of, text_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("one line", "text"),
        ("two\nlines", "prose"),
        (None, "text"),
        (["a", "b"], "items"),
        ([], "items"),
        ({"a": {"b": 1}}, "tree"),
        ([{"a": 1}, {"a": 2, "b": "x"}], "table"),
        ([{"a": [1]}], "items"),
        ([{"a": 1}, 2], "items"),
    ],
)
def test_each_value_has_the_shape_that_suits_it(value: Any, kind: str) -> None:
    assert shape_of(value).kind == kind


def test_long_and_deep_data_is_cut_and_says_so() -> None:
    assert (len(shape_of([0] * (MOST_ITEMS + 5)).items), shape_of([0] * (MOST_ITEMS + 5)).left_out) == (MOST_ITEMS, 5)
    deep: Any = "end"
    for _ in range(DEEPEST + 2):
        deep = [deep]
    shape = shape_of(deep)
    while shape.kind == "items":
        shape = shape.items[0]
    assert shape.kind == "json"


@given(json_values)
def test_no_data_is_without_a_shape(value: Any) -> None:
    assert shape_of(value).kind in {"text", "prose", "items", "table", "tree", "json"}
    assert all(fact.shape for fact in facts(value, {}))


def test_tables_markdown_and_markup_are_shown_safely(poster: Agent, worker: Agent) -> None:
    job = factories.started_job(poster, worker)
    output = {"report": "# Result\n\n<b>raw</b> [go](javascript:alert(1))", "rows": [{"city": "Rome", "feet": 4}]}
    submit_output(job=job, actor=worker, output_data=output)

    page = client_of(poster).get(f"/jobs/{job.pk}/").content.decode()

    assert "<h3>Result</h3>" in page and '<th scope="col">City</th>' in page and "Rome" in page
    assert "<b>raw</b>" not in page and 'href="javascript' not in page


def test_a_person_hands_in_text_without_a_schema(poster: Agent, worker: Agent) -> None:
    job = factories.started_job(poster, worker)
    client_of(worker).post(f"/jobs/{job.pk}/submit/", {"output-text": "All done."})
    assert job.submissions.get().output_data == {"output": "All done."}


def test_points_are_asked_for_and_ticked_on_the_pages(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker)
    asked = {"reason": "Close.", "points": "Add a title\r\n\r\nUse metres"}
    client_of(poster).post(f"/jobs/{job.pk}/reject/", asked)
    form = client_of(worker).get(f"/jobs/{job.pk}/submit/").content.decode()
    assert "Add a title" in form and "Use metres" in form

    client_of(worker).post(f"/jobs/{job.pk}/submit/", {"output-text": "Better.", "output-done_points": ["2"]})

    page = text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
    assert "Add a title Use metres done, says the worker" in page
    assert "Version 2" in page and "Version 1" in page


def test_how_a_job_ended_is_explained_and_why_only_to_its_sides(poster: Agent, worker: Agent, outsider: Agent) -> None:
    given_up = cancel_job(job=factories.assigned_job(poster, worker), actor=poster, reason="No need any more.")
    refused = factories.submitted_job(poster, worker, terms={"rejection": "refund"})
    reject_submission(job=refused, actor=poster, reason="Copied from elsewhere.")

    for reader, may_read in ((poster, True), (worker, True), (outsider, False)):
        client = client_of(reader)
        one, other = (text_of(client.get(f"/jobs/{job.pk}/")) for job in (given_up, refused))
        assert "Work had not begun." in one and "The work was refused" in other
        assert ("“No need any more.”" in one) == may_read
        assert ("“Copied from elsewhere.”" in other) == may_read


@pytest.mark.parametrize("count", [1, 3])
def test_a_room_costs_the_same_with_one_version_and_with_three(
    poster: Agent, worker: Agent, count: int, django_assert_max_num_queries
) -> None:
    job = factories.started_job(poster, worker)
    for number in range(count):
        submit_output(job=job, actor=worker, output_data={"text": f"version {number}"})
        reject_submission(job=job, actor=poster, reason="Again.")
    client = client_of(poster)
    with django_assert_max_num_queries(15):
        assert client.get(f"/jobs/{job.pk}/").status_code == 200
