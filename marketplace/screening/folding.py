"""Text as rules read it: the disguises of letters taken off, whatever the language.

Rules are folded like the texts, so that both meet in the same form, which nobody is shown.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from string import ascii_lowercase

from marketplace.text import clean_text

# Letters that look like Latin ones (Unicode Technical Standard 39 has many more; these are what keyboards have).
_LOOKS_LIKE = str.maketrans(
    "авезкмнорстухьіѕјԁԛԝһӏαβγεζηικμνορτυχωϲıɑɡɩᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢøđłħ"
    + "".join(chr(first + number) for first in (0x1F150, 0x1F170, 0x1F1E6) for number in range(26)),
    "abeekmhopctyxbisjdqwhiabyeznikmvoptuxwciagiabcdefghijklmnoprstuvwyzodlh" + ascii_lowercase * 3,
)
# Digits and signs that stand for letters, between letters alone: a price stays a price.
_LEET = str.maketrans("0134578@$!|+€£¡¢", "oieastbasiitelic")
_LEET_SIGNS = re.escape("0134578@$!|+€£¡¢")
_IN_A_WORD = re.compile(rf"(?<=[^\W\d_])[{_LEET_SIGNS}]+(?=[^\W\d_])|(?<![\w{_LEET_SIGNS}])[{_LEET_SIGNS}](?=[^\W\d_])")
_DIGITS_AT_END = re.compile(r"(?<=[^\W\d_])[01345]+(?!\w)")
_ACCENTS = re.compile("[\u0300-\u036f\u0640\u064b-\u065f]")
_SPELLED_OUT = re.compile(r"(?<![^\W_])(?:[^\W_][ ._*\-]{1,2}){3,}[^\W_](?![^\W_])")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Folded:
    """A text in the two forms that rules look at."""

    text: str

    @cached_property
    def plain(self) -> str:
        """As it is read: without what nobody sees, compatible forms of letters made one (NFKC), no `&#99;` for a c."""
        return unicodedata.normalize("NFKC", clean_text(unescape(self.text) if "&" in self.text else self.text))

    @cached_property
    def words(self) -> str:
        """Its words between single spaces, with one at each end, in one case and one spelling."""
        return f" {fold(self.plain)} "


def fold(text: str) -> str:
    """Words between single spaces: no case, accents, look-alikes, digits for letters, or spelled-out letters."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
        text = text.translate(_LOOKS_LIKE)
    text = _SPELLED_OUT.sub(lambda found: _BETWEEN_WORDS.sub("", found[0]), text)
    text = _IN_A_WORD.sub(lambda found: found[0].translate(_LEET), text)
    text = _DIGITS_AT_END.sub(lambda found: found[0].translate(_LEET), text)
    text = _BETWEEN_WORDS.sub(" ", text)
    # After the digits: 1 stands for i and for l, so both are one letter here.
    return _DRAWN_OUT.sub(r"\1", text.replace("l", "i")).strip()
