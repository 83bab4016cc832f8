"""Contexts of the auditors' room: what is published, how to check it, the notary, its checkpoints, and the sensitive acts."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.record.sensitive import Kind
from fanfare.web.contexts.shell import Page, Part


class LimitsPage(Page, frozen=True):
    """What Fanfare does not prove: docs/limits.md."""

    template = "limits.html"

    text: str
    """Markdown, without its first heading."""

    @property
    def lead(self) -> str:
        """What stands before the first heading."""
        return self._parts()[0]

    @property
    def sections(self) -> Sequence[tuple[str, str]]:
        """Each heading with its text."""
        parted = (part.partition("\n") for part in self._parts()[1:])
        return [(title.strip(), text) for title, _, text in parted]

    def _parts(self) -> list[str]:
        return re.split(r"^## ", self.text, flags=re.MULTILINE)


class RefusalLine(Part, frozen=True):
    """A refusal, as the page of all refusals lists it."""

    code: str
    status: int
    title: str
    advice: str = ""


class ProblemsPage(Page, frozen=True):
    """Every refusal: what the `type` of a problem leads to."""

    template = "problems.html"

    refusals: Sequence[RefusalLine]


class SealToCheck(Part, frozen=True):
    """The round that was sealed last: its published report has the fingerprint that the sealing fixed."""

    name: str
    campaign: str
    report_href: str
    command: str
    """Fetches the report and prints its SHA-256."""
    fingerprint: str


class PartitionLine(Part, frozen=True):
    """How far one partition of the record has come, and how much of it the notary signed."""

    partition: int
    entries: int
    signed: int = 0
    signed_at: datetime | None = None
    """None while nothing is signed."""
    doubt: str = ""
    """Why nothing more is signed, in the notary's words, English; empty while all is well."""
    compared_at: datetime | None = None
    """When all of it was last compared with what was signed."""

    @property
    def state(self) -> Literal["level", "behind", "doubt", "new"]:
        """Return how it stands."""
        if self.doubt:
            return "doubt"
        if self.signed_at is None:
            return "new"
        return "level" if self.signed >= self.entries else "behind"


class WitnessLine(Part, frozen=True):
    """A witness who is shown every checkpoint."""

    name: str
    key: str
    """In words."""
    partitions: int
    """Of how many she cosigned a checkpoint."""
    at: datetime | None = None
    """When she cosigned last, by her clock."""
    silent_since: datetime | None = None
    """Since when she gives no cosignature to what is newer; none while all is well."""


class ActLine(Part, frozen=True):
    """One sensitive act."""

    id: str
    """Of its event."""
    place: int
    at: datetime
    who: str
    what: str
    """After the name."""
    kind: Kind
    wire: str
    position: str
    """As the record has it: `0:1234:0`."""
    why: str = ""
    standing: str = ""
    """By which right of a fan she did it; empty for everybody else."""
    href: str = ""
    """What it is about; empty where nothing more is shown."""
    campaign: str = ""
    """Its title; empty where it concerns the whole site."""
    campaign_id: str = ""
    round_id: str = ""
    idea_id: str = ""
    member: str = ""
    """Who did it, by her id; empty for the console, the notary and those who were erased."""

    @property
    def shown_position(self) -> str:
        """Return it as pages show positions: partition and offset."""
        partition, offset, _ = self.position.split(":")
        return f"{partition}/{int(offset):,}"


class CheckPage(Page, frozen=True):
    """The auditors' room: three ways to check, how the notary stands, and what was decided by hand."""

    template = "check.html"

    origin: str
    """The record's name."""
    address: str
    """Where this site answers."""
    archive: str
    """The name of the file that is handed out."""
    partitions: Sequence[PartitionLine]
    key: str = ""
    """The record's own key, in words; empty before there is one."""
    witnesses: Sequence[WitnessLine] = ()
    acts: Sequence[ActLine] = ()
    """The latest ones."""
    seal: SealToCheck | None = None
    """None before a round is sealed."""
    program: str = ""
    """The short program in Go."""
    is_simulation: bool = False
    archive_about: str = ""
    """What is in an archive, as its own README says it."""

    @property
    def entries(self) -> int:
        """Return how many there are in all."""
        return sum(each.entries for each in self.partitions)


class CheckpointLine(Part, frozen=True):
    """A checkpoint that was published."""

    size: int
    signed_at: datetime
    root: str
    """Base64."""
    cosigned: bool = False


class CheckpointsPage(Page, frozen=True):
    """The history of one partition's checkpoints, by cursor."""

    template = "check_checkpoints.html"

    name: str
    """Of the record, without its scheme."""
    partitions: Sequence[int]
    partition: int
    checkpoints: Sequence[CheckpointLine]
    older: str = ""
    begins: bool = True
    """Whether it is the first page."""


class ActKind(Part, frozen=True):
    """A kind of sensitive acts, as a tab."""

    name: str
    """Empty: all."""
    label: str


class ActsPage(Page, frozen=True):
    """What was decided by hand, the latest first, by cursor."""

    template = "check_acts.html"

    kinds: Sequence[ActKind]
    kind: str
    acts: Sequence[ActLine]
    older: str = ""
    begins: bool = True
