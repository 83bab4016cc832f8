"""The client's own history: what it sent and what it was told, on the disk before anything leaves and after anything comes."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

UNANSWERED = 0
"""The status of a request whose connection broke, or that nobody answered in time."""


class Asked(msgspec.Struct, frozen=True, tag="asked"):
    """A ballot that is about to be sent, for the first time or again under the same key."""

    key: str
    fan: str
    round: str
    voter: str
    number: int
    options: tuple[str, ...]
    at: float
    """Seconds since 1970."""


class Told(msgspec.Struct, frozen=True, tag="told"):
    """What came back for the ballot of that key."""

    key: str
    status: int
    at: float
    event_id: str = ""
    position: str = ""
    state: str = ""
    """taken or late, of a ballot that was acknowledged."""
    code: str = ""
    """Of a refusal."""
    retry_after_s: int = 0
    """When to come again, where the answer says so."""

    @property
    def answered(self) -> bool:
        """Tell whether the outcome is known: a 5xx leaves it open, as silence does."""
        return UNANSWERED < self.status < 500


class Remarked(msgspec.Struct, frozen=True, tag="remarked"):
    """A comment below an idea was sent, and this came back; 201 acknowledges it."""

    key: str
    fan: str
    idea: str
    status: int
    at: float
    event_id: str = ""
    position: str = ""


Line = Asked | Told | Remarked


class Ballot(msgspec.Struct, frozen=True):
    """A ballot with all that was told of it."""

    asked: Asked
    told: tuple[Told, ...]

    @property
    def acknowledged(self) -> Told | None:
        """The answer that says where it stands; none where there was no such answer."""
        return next((each for each in self.told if each.status == 200), None)

    @property
    def outcome(self) -> Literal["taken", "late", "refused", "unknown"]:
        """What the client may believe: a refusal is one only if no earlier try was left unanswered."""
        if done := self.acknowledged:
            return "late" if done.state == "late" else "taken"
        return "refused" if self.told and all(each.answered for each in self.told) else "unknown"


class History:
    """A file of JSON lines. Each is handed to the kernel before the call returns, so our own death loses none."""

    def __init__(self, path: Path) -> None:
        """Append to *path*."""
        self.lines: list[Line] = []
        self._file = path.open("ab", buffering=0)

    def write(self, line: Line) -> None:
        """Keep *line*."""
        self._file.write(msgspec.json.encode(line) + b"\n")
        self.lines.append(line)

    def close(self) -> None:
        """Put it on the disk."""
        os.fsync(self._file.fileno())
        self._file.close()


def read_history(path: Path) -> list[Line]:
    """Return the lines of a history."""
    decoder = msgspec.json.Decoder(Line)
    return [decoder.decode(line) for line in path.read_bytes().splitlines()]


def ballots(lines: Iterable[Line]) -> list[Ballot]:
    """Return what was sent, each key once, in the order of the first tries."""
    asked: dict[str, Asked] = {}
    told: dict[str, list[Told]] = {}
    for line in lines:
        if isinstance(line, Asked):
            asked.setdefault(line.key, line)
        elif isinstance(line, Told):
            told.setdefault(line.key, []).append(line)
    return [Ballot(each, tuple(told.get(each.key, ()))) for each in asked.values()]


def remarks(lines: Iterable[Line]) -> list[Remarked]:
    """Return the comments that were sent, with what came back, each try on its own."""
    return [each for each in lines if isinstance(each, Remarked)]


class Count(msgspec.Struct, frozen=True):
    """The figures of a round."""

    voters: int
    votes: dict[str, int]
    """Of each option that has any."""


def counted(choices: Iterable[Sequence[str]]) -> Count:
    """Count the choices of as many voters."""
    kept = list(choices)
    return Count(len(kept), dict(Counter(option for each in kept for option in each)))


def own_count(history: Iterable[Ballot], round_id: str) -> Count:
    """Return the client's own count of a round: of each voter, what was acknowledged as taken with the highest number."""
    latest: dict[str, Asked] = {}
    for each in history:
        if each.asked.round == round_id and each.outcome == "taken":
            before = latest.get(each.asked.voter)
            if before is None or each.asked.number > before.number:
                latest[each.asked.voter] = each.asked
    return counted(each.options for each in latest.values())
