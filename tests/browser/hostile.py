"""What strangers write to make a page do their will, and a way to have it stand in every text that is stored."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

# Each calls `ran` where a page obeys it, in one of the places where text of users stands: between tags, in an
# attribute, in an address, in a script, in Markdown, in a template of ours or of the browser's.
CORPUS = [
    "<script>ran(1)</script>",
    "<img src=x onerror=ran(2)>",
    '"><svg onload=ran(3)>',
    "' autofocus onfocus=ran(4) x='",
    '" onmouseover="ran(5)" hx-on:load="ran(5)" hx-get="/jobs/" hx-trigger="load',
    "javascript:ran(6)//",
    "</textarea></title></style></script><script>ran(7)</script>",
    "<iframe srcdoc='<script>parent.ran(8)</script>'></iframe>",
    "<details open ontoggle=ran(9)>",
    "[click](javascript:ran(10))",
    "[click](data:text/html,<script>opener.ran(11)</script>)",
    '![x](x" onerror="ran(12))',
    "<javascript:ran(13)>",
    "[x]: javascript:ran(14)\n\n[x]",
    "`<img src=x onerror=ran(15)>`",
    '```"><script>ran(16)</script>\n</code></pre><script>ran(16)</script>\n```',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=ran(17)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=ran(18)>'>",
    "<a href='&#106;avascript:ran(19)'>x</a>",
    "<form action=javascript:ran(20)><button autofocus>x</button></form>",
    "<base href=//evil.example/><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<style>@import '//evil.example/x.css';</style>",
    "<object data=//evil.example/x></object><embed src=//evil.example/x>",
    "{{ 7|add:35 }}{% debug %}${ran(25)}<%= ran(25) %>",
    "&lt;script&gt;ran(26)&lt;/script&gt;",
    "\\u003cscript\\u003eran(27)\\u003c/script\\u003e",
    "+ADw-script+AD4-ran(28)+ADw-/script+AD4-",
    "<scr<script>ipt>ran(29)</scr</script>ipt>",
    'http://evil.example/"onclick="ran(30)',
    "<svg><animate onbegin=ran(31) attributeName=x dur=1s>",
    "\N{FULLWIDTH LESS-THAN SIGN}script\N{FULLWIDTH GREATER-THAN SIGN}ran(32)<\x0bscript>ran(32)</script>",
    "=cmd|'/C calc'!A0",
]
# Where only an address is, or only something short.
ADDRESS = "javascript:ran(33)//example.com/"
SHORT = "<b onclick=ran()>"

# Names of columns that programs write, in words of their own, and what no page shows of whom it is not.
OURS = {
    *("handle", "email", "owner_email", "slug", "key", "prefix", "path", "hash", "content_hash", "sha256", "password"),
    *(
        "type",
        "types",
        "kind",
        "method",
        "audience",
        "rail",
        "token",
        "scope",
        "user_code",
        "terms",
        "version",
        "source",
    ),
    *("root", "totals", "balances", "previous_hash", "position", "content_type", "bidding_rule", "wallet_address"),
    *("session_key", "word", "handled_by", "proof_hash"),
}
OTHERS = {"sessions", "contenttypes", "auth", "account", "socialaccount", "mfa"}
# What a program put into JSON: names of statuses, numbers, times and ids.
OF_PROGRAMS = re.compile(r"[A-Z_]+|[\d.:+\-TZ]*|[0-9a-f-]{36}")


def write_everywhere() -> dict[str, int]:
    """Has the corpus stand in every text of every row, whatever it says there now; how many, by model.

    New models and columns are written to as soon as they are there. Rules that would refuse it look away meanwhile.
    """
    written = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            fields = [field for field in model._meta.concrete_fields if is_text(field)]
            if fields and model._meta.app_label not in OTHERS:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
                written[model._meta.label] = _write(model, fields)
                cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")
    return written


def is_text(field: Any) -> bool:
    """Whether people or their agents may have written what is in it."""
    kinds = (models.CharField, models.TextField, models.JSONField, ArrayField)
    ours = field.primary_key or field.unique or field.choices or field.name in OURS
    return isinstance(field, kinds) and not ours


def _write(model: Any, fields: list[Any]) -> int:
    numbers = count()
    rows = list(model._base_manager.values("pk", *(field.attname for field in fields)))
    for row in rows:
        texts = {field.attname: attack(field, row[field.attname], next(numbers)) for field in fields}
        model._base_manager.filter(pk=row["pk"]).update(**texts)
    return len(rows)


def attack(field: Any, value: Any, number: int) -> Any:
    """What may stand in that column in place of the value."""
    if isinstance(field, models.JSONField):
        return in_schema(value) if field.name.endswith("schema") else in_json(value)
    if isinstance(field, ArrayField):
        return [text(field.base_field.max_length, number)] if value else value
    if isinstance(field, models.URLField) or field.name.endswith(("url", "link")):
        return ADDRESS
    return text(field.max_length, number)


def text(longest: int | None, number: int) -> str:
    """As much of the corpus as there is room for, beginning with another part each time."""
    start = number % len(CORPUS)
    found = ""
    for part in [*CORPUS[start:], *CORPUS[:start]]:
        longer = f"{found}\n\n{part}" if found else part
        if longest is None or len(longer) <= longest:
            found = longer
    return found or SHORT[:longest]


def in_json(value: Any) -> Any:
    """The value with the corpus for every text in it, and under a name that is the corpus."""
    if isinstance(value, dict):
        return {name: in_json(one) for name, one in value.items()} | ({CORPUS[2]: CORPUS[0]} if value else {})
    if isinstance(value, list):
        return [in_json(one) for one in value]
    if isinstance(value, str) and not OF_PROGRAMS.fullmatch(value):
        return text(2000, 0)
    return value


def in_schema(value: Any) -> Any:
    """A JSON Schema that still is one, with the corpus in its titles, descriptions, choices and names."""
    if not isinstance(value, dict):
        return value
    schema = {name: in_schema(one) for name, one in value.items()}
    if value.get("type") in ("object", "array", "string"):
        schema |= {"title": CORPUS[2], "description": text(2000, 0)}
    if isinstance(value.get("properties"), dict):
        schema["properties"] = schema["properties"] | {CORPUS[2]: {"type": "string", "title": CORPUS[0]}}
    if "enum" in value:
        schema["enum"] = [*value["enum"], CORPUS[2]]
    return schema


def formulas(rows: list[list[str]]) -> Iterator[str]:
    """Cells that a spreadsheet would run; a number is none."""
    for cell in (cell for row in rows for cell in row):
        if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not re.fullmatch(r"-?[\d.]+", cell):
            yield cell
