"""Words of the rules that were taken apart or written as one, put right: `co-caine`, `c**aine`, `buycocaine`.

Only what comes out as one of those words is changed. All other words stay as they are, so that no innocent ones become
anything that a rule is about.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial

from marketplace.screening.folding import Folded, fold

SHORTEST_PART, SHORTEST_GLUED = 4, 6
MOST_PIECES = 8
# What stands between a thing and a word of trade when all is written as one.
FILLERS = """
    a an and best cheap for fresh here i my now of online or our pure sale shop some store the this to we with you your
"""
# Pieces that innocent sentences have beside others: “order a hero in bronze”.
AMONG_OTHERS = "an as at be by do go he in is it me my no of on or so the to up us we"
NO_PIECES = frozenset(AMONG_OTHERS.split())
_LINK_TARGET = re.compile(r"\]\([^)\s]{0,300}\)")
# From the beginning of a word alone: a run of letters would be looked through from each of them.
_MASKED = re.compile(r"(?<![^\W\d_])[^\W\d_]+(?:[*#]{1,3}[^\W\d_]+)+")
_DOUBLED = re.compile(r"(\w)\1")


class Mender:
    """Knows the words of these phrases, and those that things are traded with."""

    def __init__(self, phrases: Iterable[str], wanted: Iterable[str]):
        """Both folded."""
        self._phrases = {phrase for phrase in phrases if phrase.isalpha() or " " in phrase}
        words = {word for phrase in self._phrases for word in phrase.split() if len(word) >= SHORTEST_PART}
        self._words = frozenset(words)
        self._beginnings = frozenset(word[:length] for word in words for length in range(1, len(word)))
        self._singled = {_DOUBLED.sub(r"\1", word): word for word in words if len(word) >= SHORTEST_GLUED}
        self._firsts = frozenset(word[0] for word in self._singled)
        self._of_length: dict[int, list[str]] = {}
        for word in words:
            self._of_length.setdefault(len(word), []).append(word)
        glued = {phrase.replace(" ", ""): phrase for phrase in self._phrases}
        self._glued = {glue: phrase for glue, phrase in glued.items() if len(glue) >= SHORTEST_GLUED}
        around = sorted({*wanted, *fold(FILLERS).split()}, key=len, reverse=True)
        self._around = re.compile("|".join(map(re.escape, (word for word in around if word.isalpha()))))

    def mend(self, folded: Folded) -> str:
        """The words of the text in their form for rules; the same as `folded.words` if nothing was wrong with them."""
        words = folded.words
        if "*" in folded.plain or "#" in folded.plain or "](" in folded.plain:
            words = f" {fold(_LINK_TARGET.sub('', _MASKED.sub(self._unmask, folded.plain)))} "
        return self._unglue(" ".join(["", *self._join([self._single(word) for word in words.split()]), ""]))

    def _unmask(self, found: re.Match[str]) -> str:
        """`c**aine`: a word of that length with these letters."""
        alike = self._of_length.get(len(found[0]))
        if not alike:
            return found[0]
        shape = re.compile("".join("." if sign in "*#" else re.escape(fold(sign)) for sign in found[0]))
        return next((word for word in alike if shape.fullmatch(word)), found[0])

    def _single(self, word: str) -> str:
        """`coccaine`."""
        if len(word) < SHORTEST_GLUED or word[:1] not in self._firsts or word in self._words:
            return word
        return self._singled.get(_DOUBLED.sub(r"\1", word), word)

    def _join(self, words: list[str]) -> Iterator[str]:
        """`co caine`, however many pieces it is in."""
        place = 0
        while place < len(words):
            is_beginning = words[place] in self._beginnings and words[place] not in NO_PIECES
            length = self._pieces_at(words, place) if is_beginning else 1
            yield "".join(words[place : place + length])
            place += length

    def _pieces_at(self, words: list[str], place: int) -> int:
        """How many words from here on are one that we know; 1 if none are."""
        whole = words[place]
        for length, piece in enumerate(words[place + 1 : place + MOST_PIECES], 2):
            whole += piece
            if piece in NO_PIECES:
                return 1
            if whole in self._words:
                return length
            if whole not in self._beginnings:
                return 1
        return 1

    def _unglue(self, text: str) -> str:
        """`buycocainenow`, where nothing is left but words of trade and such that say nothing."""
        for glue, phrase in self._glued.items():
            if glue in text:
                pattern = rf"(?<!\w)(\w{{0,30}}){glue}(\w{{0,30}})(?!\w)"
                text = re.sub(pattern, partial(self._parts, phrase), text)
        return text

    def _parts(self, phrase: str, found: re.Match[str]) -> str:
        before, after = found[1], found[2]
        if self._around.sub("", before) or self._around.sub("", after):
            return found[0]
        return " ".join([*self._around.findall(before), phrase, *self._around.findall(after)])
