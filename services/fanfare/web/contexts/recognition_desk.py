"""Contexts of the host's desk of recognition: rules and what they have awarded, a rule's form, titles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.recognition import Badge, RuleLine, Title
from fanfare.web.contexts.shell import Form, Page, Part

Earning = Literal["points", "badge", "tier"]


class TitleHeld(Part, frozen=True):
    """A title that stands, and who holds it."""

    title: Title
    member: str
    name: str


class RecognitionDeskPage(Page, frozen=True):
    """
    The rules there are with what they have awarded, the titles that stand, and whether rules may award at all.

    Forms post `rule`, `award` or `allowed`, each with a `reason`.
    """

    template = "host/recognition.html"

    rules: Sequence[RuleLine]
    retired: Sequence[RuleLine]
    titles: Sequence[TitleHeld]
    automation: bool
    human: int
    all: int
    idempotency_key: str
    after: int
    """Decisions of recognition that this page shows."""
    form: Form = Form()
    failed: str = ""
    """The form that was refused: `retire-first-idea`, `revoke-<award>`, `automation`."""


class Tried(Part, frozen=True):
    """What a draft would have awarded, had it been in force from the beginning."""

    members: int
    awards: int
    gains: Sequence[tuple[str, str]] = ()
    """Of those who gain most: name, and `45 points` or `level 3`."""
    spread: Sequence[tuple[str, str]] = ()
    """How many gain how much: `1 to 9 points`, `14`."""
    more: int = 0
    """Fans who would have more than by the version that is in force."""
    less: int = 0


class TrialShown(Part, frozen=True):
    """How far a trial of a draft is that goes on beside the page; or it broke off."""

    done: int = 0
    of: int = 0
    """Entries; 0 until the first is read."""
    broke_off: bool = False


class RuleFormPage(Page, frozen=True):
    """
    A new rule, or the next version of one. Shown again with what it would have awarded once `act` is `try`.

    Fields: title, words, campaign; `deed-<kind>` for each deed; points, per_day, per_target; emblem, levels (`1, 5, 20`);
    tiers (`100 Taster`, one a line).
    """

    template = "host/rule.html"

    earning: Earning
    form: Form
    deeds: Sequence[Choice]
    emblems: Sequence[Choice]
    campaigns: Sequence[Choice]
    idempotency_key: str
    after: int
    rule: str = ""
    """Empty for a new one."""
    version: int = 1
    """The one that would be published."""
    tried: Tried | None = None
    trial: TrialShown | None = None
    """While there is one, a script asks again each second; without it the browser loads the page anew."""
    sentences: Sequence[str] = ()
    """The draft as fans would read it, once it was tried."""
    drawn: Badge | None = None


class FoundFan(Part, frozen=True):
    """A fan who may get a title."""

    member: str
    name: str
    since: datetime


class TitleFormPage(Page, frozen=True):
    """
    A title for a fan: first who, then what for.

    Fields: words, reason, until (a day), `because-<id>` for each contribution that justifies it.
    """

    template = "host/title.html"

    form: Form
    idempotency_key: str
    asked: str = ""
    """The name that was looked for."""
    found: Sequence[FoundFan] | None = None
    member: str = ""
    """Who was chosen; empty before."""
    name: str = ""
    contributions: Sequence[Choice] = ()
