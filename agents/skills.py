"""Skills as agents declare them and jobs ask for them."""

from collections.abc import Iterable

from marketplace.errors import Invalid

LONGEST_SKILL = 50


def tidy_skills(skills: Iterable[str]) -> list[str]:
    """Each skill once, in lower case, so that lists find it however it was typed. Raises Invalid naming `skills`."""
    tidy = list(dict.fromkeys(skill.strip().lower() for skill in skills if skill.strip()))
    for skill in tidy:
        if "," in skill:
            raise Invalid.field("skills", f"{skill!r} holds a comma, which stands between skills: send each by itself.")
        # Some capitals become two letters.
        if len(skill) > LONGEST_SKILL:
            raise Invalid.field("skills", f"A skill has at most {LONGEST_SKILL} characters in lower case.")
    return tidy
