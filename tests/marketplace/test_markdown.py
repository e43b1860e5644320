"""What people write in Markdown is shown as they meant it, and never does anything (SURVIVE S7)."""

import re
from html.parser import HTMLParser

import pytest

from marketplace.markdown import render_markdown

TAGS = {
    *("a", "blockquote", "br", "code", "div", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s"),
    *("strong", "ul", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"href", "title", "rel", "start", "align", "class"}


class Reader(HTMLParser):
    """Refuses what a browser would do more with than show it, and links to other than pages and mailboxes."""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attributes:
            assert name in ATTRIBUTES
            assert name != "href" or re.match(r"https?://|mailto:", value or "")
            assert name != "class" or value == "markdown"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](&#x6A;avascript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:msgbox)",
    "[a](//evil.example)",
    "<javascript:alert(1)>",
    "![a](https://evil.example/pixel.png)",
    "![a](javascript:alert(1))",
    '[a](https://e.example "\\" onmouseover=alert(1) x=\\"")',
    "[<img src=x onerror=alert(1)>](https://e.example)",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```" onload=alert(1)\nx\n```',
    "https://e.example/<script>alert(1)</script>",
    'https://e.example/"onmouseover=alert(1)',
    "| a |\n|---|\n| <iframe src=//evil.example> |",
    "<style>*{display:none}</style>",
    "<a href=https://e.example style=position:fixed>x</a>",
    "[a]: javascript:alert(1)\n\n[a]",
    "<!-- --><base href=//evil.example>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_is_typed_becomes_more_than_text_and_links(attack: str) -> None:
    reader = Reader()
    reader.feed(render_markdown(attack))
    reader.close()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# Title", "<h3>Title</h3>"),
        ("- a\n- b", "<li>a</li>"),
        ("**bold** and ~~gone~~", "<strong>bold</strong> and <s>gone</s>"),
        ("|a|\n|-|\n|1|", "<td>1</td>"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("see https://e.example/x?a=1&b=2.", 'href="https://e.example/x?a=1&amp;b=2"'),
        ("`https://e.example`", "<code>https://e.example</code>"),
        ("in\u202evisible", "invisible"),
    ],
)
def test_it_looks_as_it_was_meant(text: str, html: str) -> None:
    assert html in render_markdown(text)


def test_links_give_nothing_to_where_they_lead() -> None:
    assert 'rel="nofollow ugc noopener noreferrer"' in render_markdown("[a](https://e.example)")
