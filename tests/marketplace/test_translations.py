"""Every word on a page can be translated: a template holds no bare text (FEATURES J18)."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR / "templates")
# Of these nobody reads a translation: operators' pages, the style guide, and what programs read.
ENGLISH = ("admin/", "guides/", "pages/styleguide.html", "api/docs.html")
# Still to be wrapped; a new template is never added here.
BARE = frozenset((Path(__file__).parent / "untranslated.txt").read_text().split())
# The same word in every language.
NAMES = re.compile(
    r"\b(Guildhall|USDC|SHA-256|AI|API|JSON|CSV|UTC|URL|HTTPS?|OpenAPI|Ctrl|Enter|Esc|mj_live_\w*|[a-zA-Z])\b"
)
SAID = re.compile(r"\b(?:title|placeholder|alt|aria-label|aria-description|label)=(\"[^\"]*\"|'[^']*')")
GIVEN = re.compile(r"(?:heading|text|action|label|title)=(\"[^\"]*\"|'[^']*')")
LETTERS = re.compile(r"[^\W\d_]{2,}")
WRAPPED = re.compile(r"(?s){%-?\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}")
NOT_SAID = re.compile(
    r"(?s){#.*?#}|{% block (?:page_class|about) %}.*?{% endblock %}|{%\s*comment\b.*?{%\s*endcomment\s*%}"
    r"|<(script|style|svg|code|pre|kbd)\b.*?</\1>|<!--.*?-->"
)


def bare_text(template: str) -> list[str]:
    """What a reader would be told in the language of whoever wrote the template."""
    text = NOT_SAID.sub(" ", WRAPPED.sub(" ", template))
    given = [words for tag in re.findall(r"{%\s*include\b.*?%}", text) for words in GIVEN.findall(tag)]
    text = re.sub(r"(?s){%.*?%}|{{.*?}}", "", text)
    said = SAID.findall(text)
    between = re.sub(r"(?s)<[^>]*>|&\w+;", "\n", text).split("\n")
    return [words.strip() for words in given + said + between if LETTERS.search(NAMES.sub("", words))]


def templates() -> list[str]:
    """All pages and parts of pages, and mail."""
    names = (path.relative_to(TEMPLATES).as_posix() for path in sorted(TEMPLATES.rglob("*.*")))
    return [name for name in names if not name.startswith(ENGLISH)]


def test_no_template_has_bare_text() -> None:
    found = {name: bare_text((TEMPLATES / name).read_text()) for name in templates() if name not in BARE}

    assert {name: words for name, words in found.items() if words} == {}


def test_what_is_wrapped_is_off_the_list_of_what_is_not() -> None:
    missing = [name for name in sorted(BARE) if not (TEMPLATES / name).exists()]
    wrapped = [name for name in sorted(BARE - set(missing)) if not bare_text((TEMPLATES / name).read_text())]

    assert (missing, wrapped) == ([], [])


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{% translate "Hello" %}, {{ name }}!</p>', []),
        ("{% blocktranslate trimmed %}You have <b>one</b>{% endblocktranslate %}", []),
        ('<input placeholder="Your name">', ['"Your name"']),
        ('<nav aria-label="{% translate "Main" %}">', []),
        ('{% include "x.html" with heading="Nothing here" %}', ['"Nothing here"']),
        ('{% include "x.html" with heading=_("Nothing here") %}', []),
        ("{{ amount }} USDC <code>POST /v1/jobs</code> {# not said #}", []),
    ],
)
def test_bare_text_is_found(template: str, found: list[str]) -> None:
    assert bare_text(template) == found
