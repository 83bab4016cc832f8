"""What changed between two versions of a text, word by word. Pure."""

import re
from difflib import SequenceMatcher
from typing import Literal

import msgspec

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 6000
"""Pieces up to which two texts are compared word by word; beyond, line by line."""


class Piece(msgspec.Struct, frozen=True):
    """A run of words that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """Return *new* as pieces, with what went from *old* in its place. Joined without what is gone they are *new*."""
    before, after = _pieces(old), _pieces(new)
    if len(before) + len(after) > _MOST_WORDS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[Piece] = []
    for kind, at, until, begins, ends in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(after[begins:ends])))
            continue
        if until > at:
            found.append(Piece("gone", "".join(before[at:until])))
        if ends > begins:
            found.append(Piece("new", "".join(after[begins:ends])))
    return tuple(_joined(found))


def _pieces(text: str) -> list[str]:
    return _WORDS.findall(text)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Take a single space between two changes into them, so that a changed phrase reads as one."""
    found: list[Piece] = []
    for at, each in enumerate(pieces):
        between = each.kind == "same" and each.text == " " and 0 < at < len(pieces) - 1
        for piece in (Piece("gone", each.text), Piece("new", each.text)) if between else (each,):
            _add(found, piece)
    return found


def _add(found: list[Piece], piece: Piece) -> None:
    """Append a piece to the last of its kind, if only the other kind of change stands in between."""
    for n in range(len(found) - 1, max(-1, len(found) - 3), -1):
        if found[n].kind == piece.kind:
            found[n] = Piece(piece.kind, found[n].text + piece.text)
            return
        if found[n].kind == "same" or piece.kind == "same":
            break
    found.append(piece)
