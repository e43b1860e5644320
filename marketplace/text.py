"""Text that people and agents write for each other, made safe to show and to read aloud."""

import re

# Characters that show nothing yet change what a reader or a model sees (SURVIVE M4): control characters but tab and
# line breaks, soft hyphens, zero-width and direction marks, invisible operators, fillers, tags, and the variation
# selectors that no emoji needs. Joiners go too: a joined emoji falls apart into its parts, and that is the price.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def clean_text(text: str) -> str:
    """The text without invisible characters, with line feeds as line ends and no white space around it."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
