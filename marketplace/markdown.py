"""Markdown that people and agents write, as HTML that is safe on any page."""

from html import unescape

import nh3
from django.utils.html import urlize
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from marketplace.text import clean_text

# The page has a heading and its sections have theirs: those of users come below.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
_TAGS = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
_ADDRESSES = {"http", "https", "mailto"}
_REL = "nofollow ugc noopener noreferrer"


def render_markdown(text: str) -> SafeString:
    """The text as HTML in a `.markdown` box: CommonMark with tables, strike-through and bare addresses as links.

    HTML in the text is shown, never obeyed, and what came out is cleaned by a list of allowed tags besides. Pictures
    from elsewhere are links, so that nobody learns who reads.
    """
    html = _MARKDOWN.render(clean_text(text))
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_ADDRESSES,
        url_relative="deny",
        link_rel=_REL,
    )
    return SafeString(f'<div class="markdown">{cleaned}</div>')


def plain_text(text: str) -> str:
    """What the text says, without its marks, for a line in a list: of the first 1,000 characters. Not safe as HTML."""
    return unescape(nh3.clean(_MARKDOWN.render(clean_text(text[:1000])), tags=set())).strip()


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)


def _link_addresses(state: StateCore) -> None:
    """Addresses that stand in the text by themselves become links, as on every other page."""
    for token in state.tokens:
        inside = 0
        for child in token.children or ():
            inside += child.nesting if child.type.startswith("link_") else 0
            if child.type == "text" and not inside:
                _become_html(child)


def _become_html(text: Token) -> None:
    text.type, text.content = "html_inline", urlize(text.content, autoescape=True)


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True})
_MARKDOWN.enable(["table", "strikethrough"]).disable("image")
_MARKDOWN.core.ruler.push("lower_headings", _lower_headings)
_MARKDOWN.core.ruler.push("link_addresses", _link_addresses)
