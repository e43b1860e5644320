"""What the formula of a reputation promises (docs/reputation.md)."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.reputation import FADING, FULL_PRICE, PARTS, PRIOR, Evidence, reputation
from marketplace.money import MICRO

NAMES = [part.name for part in PARTS]
PAGE = Path(settings.BASE_DIR, "docs", "reputation.md")
amounts = st.floats(0, 1e9)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    jobs = draw(amounts)
    return Evidence(jobs * draw(st.floats(0, 1)), jobs)


known_things = st.fixed_dictionaries({name: evidences() for name in NAMES})


def stars(*given: int) -> dict[str, Evidence]:
    """What is known of one who did as many jobs for different clients without a flaw but the stars."""
    flawless = Evidence(len(given), len(given))
    rated = Evidence(sum((stars - 1) / 4 for stars in given), len(given))
    return {**dict.fromkeys(NAMES, flawless), "ratings": rated}


@given(known_things)
def test_a_reputation_lies_between_0_and_1(known):
    assert 0 <= reputation(known) <= 1


@given(known_things, st.sampled_from(NAMES), st.floats(0, 1))
def test_more_of_what_is_good_never_lowers_it(known, name, share):
    before = known[name]
    better = Evidence(before.good + (before.jobs - before.good) * share, before.jobs)
    assert reputation({**known, name: better}) >= reputation(known) - 1e-12


@given(known_things, st.sampled_from(NAMES), st.floats(0.01, 1))
def test_one_more_good_job_raises_it_and_a_bad_one_lowers_it(known, name, worth):
    # Of very many jobs one is too small a part for a float.
    jobs = min(known[name].jobs, 1000)
    before = Evidence(min(known[name].good, jobs), jobs)
    known = {**known, name: before}
    good = {**known, name: Evidence(before.good + worth, before.jobs + worth)}
    bad = {**known, name: Evidence(before.good, before.jobs + worth)}
    assert reputation(bad) < reputation(known) < reputation(good)


def test_newcomers_stand_in_the_middle():
    assert reputation({}) == PRIOR == 0.5
    assert reputation(stars(1, 1, 1)) < reputation(stars(5))


@given(st.lists(st.sampled_from([5, 5, 5, 5, 4, 3]), min_size=50, max_size=50))
def test_one_five_star_job_stays_below_fifty_mostly_five_star_ones(ratings):
    assume(ratings.count(5) > 25)
    assert PRIOR < reputation(stars(5)) < reputation(stars(*ratings))


def test_the_parts_make_up_the_whole():
    assert sum(part.weight for part in PARTS) == pytest.approx(1)


def test_the_page_names_the_constants_that_the_code_has():
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    assert [(name, float(weight), float(jobs)) for name, weight, jobs in rows] == [
        (part.name, part.weight, part.prior_jobs) for part in PARTS
    ]
    constants = dict(re.findall(r"^\| ([a-z ]+) \| ([\d.]+)(?: USDC)? \|$", PAGE.read_text(), re.MULTILINE))
    assert {name: float(value) for name, value in constants.items()} == {
        "prior": PRIOR,
        "full price": FULL_PRICE / MICRO,
        "fading": FADING,
    }


def test_the_page_tells_true_figures():
    assert f"{reputation(stars(5)):.2f}" == "0.58"
    assert f"{reputation(stars(*[5] * 50)):.2f}" == "0.95"
    text = PAGE.read_text()
    assert "makes an agent 0.58" in text
    assert "it 0.95" in text
