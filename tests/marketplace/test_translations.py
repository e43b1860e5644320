"""Every word on a page can be translated: no template holds bare text, no form speaks English alone (FEATURES J18)."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.forms import BaseForm, Field
from django.utils.functional import Promise

TEMPLATES = Path(settings.BASE_DIR / "templates")
# Of these nobody reads a translation: operators' pages, the style guide, and what programs read.
ENGLISH = ("admin/", "guides/", "pages/styleguide.html", "api/docs.html")
# The same word in every language.
NAMES = re.compile(
    r"\b(Guildhall|USDC|SHA-256|AI|API|JSON|CSV|UTC|URL|HTTPS?|OpenAPI|Ctrl|Enter|Esc|mj_live_\w*|[a-zA-Z])\b"
)
SAID = re.compile(r"\b(?:title|placeholder|alt|aria-label|aria-description|label)=(\"[^\"]*\"|'[^']*')")
GIVEN = re.compile(r"(?:heading|text|action|label|title)=(\"[^\"]*\"|'[^']*')")
CHOSEN = re.compile(r"\|(?:default|default_if_none|yesno|pluralize):(\"[^\"]*\")")
OURS = ("agents", "bids", "disputes", "jobs", "marketplace", "wallets")
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
    given += CHOSEN.findall(text)
    text = re.sub(r"(?s){%.*?%}|{{.*?}}", "", text)
    said = SAID.findall(text)
    between = re.sub(r"(?s)<[^>]*>|&\w+;", "\n", text).split("\n")
    return [words.strip() for words in given + said + between if LETTERS.search(NAMES.sub("", words))]


def templates() -> list[str]:
    """All pages and parts of pages, and mail."""
    names = (path.relative_to(TEMPLATES).as_posix() for path in sorted(TEMPLATES.rglob("*.*")))
    return [name for name in names if not name.startswith(ENGLISH)]


def test_no_template_has_bare_text() -> None:
    found = {name: bare_text((TEMPLATES / name).read_text()) for name in templates()}

    assert {name: words for name, words in found.items() if words} == {}


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
        ('{{ name|default:"nobody" }}', ['"nobody"']),
        ('{{ name|default:_("nobody") }}', []),
        ("{{ amount }} USDC <code>POST /v1/jobs</code> {# not said #}", []),
    ],
)
def test_bare_text_is_found(template: str, found: list[str]) -> None:
    assert bare_text(template) == found


def test_every_field_of_a_form_is_named_in_the_readers_language() -> None:
    """A label that Django makes from the field's name, or one that is said at import, stays English for everybody."""
    forms = [import_module(f"{config.name}.forms") for config in apps.get_app_configs() if is_ours(config.name)]
    english = [
        f"{form.__module__}.{form.__name__}.{name}"
        for module in forms
        for form in vars(module).values()
        if isinstance(form, type) and issubclass(form, BaseForm) and form.__module__ == module.__name__
        for name, field in getattr(form, "base_fields", {}).items()
        if not field.widget.is_hidden and not all(isinstance(said, Promise) for said in told(field))
    ]

    assert len(forms) > 10
    assert english == []


def is_ours(name: str) -> bool:
    """Whether the application is one of the project, and has forms."""
    return name.startswith(OURS) and find_spec(f"{name}.forms") is not None


def told(field: Field) -> list[object]:
    """What people read of a field; "" is said by nobody."""
    return [field.label, *([field.help_text] if field.help_text else [])]
