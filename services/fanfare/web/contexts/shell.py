"""What surrounds every page: who reads it, in which campaign, when; and the forms that keep what was typed."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from fanfare.web import tints

Section = Literal[
    "",
    "campaign",
    "ideas",
    "vote",
    "results",
    "fans",
    "timeline",
    "desk",
    "new",
    "operations",
    "settings",
    "exports",
    "recognition",
    "draws",
    "thanks",
    "circles",
    "welcome",
    "rewards",
    "moderation",
    "mine",
    "rights",
]
"""Which link of the masthead is the present page."""


class Part(msgspec.Struct, frozen=True):
    """A piece of a page's context."""


class Page(Part, frozen=True):
    """The context of one template."""

    template: ClassVar[str]


class Viewer(Part, frozen=True):
    """Who is signed in."""

    id: str
    name: str
    is_host: bool = False
    is_admin: bool = False
    may_moderate: bool = False
    """Somewhere: by her role, or by a right of a fan."""
    has_rights: bool = False
    """She is a fan with a right that holds now."""


class CampaignChrome(Part, frozen=True):
    """The campaign that a page belongs to: it gives the page its colour and its navigation."""

    id: str
    title: str
    colour: str
    """`#rrggbb`."""
    open_round_id: str = ""
    """The round that a fan can vote in now; empty where none is open."""
    result_round_id: str = ""
    """The round whose report `Results` leads to; empty leads to the campaign's report."""
    is_draft: bool = False
    """It is not public: this is a preview for hosts."""


class Simulation(Part, frozen=True):
    """This site was created as a simulation; its banner stands on every page."""

    joined_as: Literal["", "fan", "host"] = ""
    """As whom the reader has joined in with one click."""
    programs: int = 0
    """Simulated fans so far; 0 is not shown."""


class Notice(Part, frozen=True):
    """What the last act brought, said once at the head of the next page."""

    text: str
    kind: Literal["info", "ok", "warn", "bad"] = "ok"


class Shell(Part, frozen=True):
    """What `base.html` needs on every page."""

    site_name: str
    """The brand of an ordinary site, such as Pomfret Soda; Fanfare where none is set yet."""
    now: datetime
    zone: str
    """IANA name of the zone in which times are said."""
    csrf: str
    path: str = "/"
    """Of this request: where signing in leads back to."""
    section: Section = ""
    viewer: Viewer | None = None
    campaign: CampaignChrome | None = None
    simulation: Simulation | None = None
    notice: Notice | None = None
    colour: str = tints.HOUSE_COLOUR
    """The site's own, where no campaign speaks."""
    theme: Literal["", "light", "dark"] = ""
    """What the reader chose; empty is as her device says."""
    logo: str = ""
    """The hash of the brand's picture; empty for the mark of Fanfare."""
    has_privacy: bool = False
    """Whether a privacy notice is written."""
    has_imprint: bool = False
    """Whether an imprint is written."""
    development: bool = False
    """Whether the development mailbox is there."""


class Form(Part, frozen=True):
    """What was typed and what is wrong with it, by field name. Nothing typed is ever lost."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}
    """A sentence for each wrong field; the empty name for the form as a whole."""

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed into a field."""
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        """Return what is wrong with a field; empty where nothing is."""
        return self.errors.get(name, "")


class Action(Part, frozen=True):
    """One link that helps."""

    label: str
    href: str


class ProblemPage(Page, frozen=True):
    """An RFC 9457 problem as a page: what happened, what is kept, what to do."""

    template = "problem.html"

    status: int
    code: str
    """Stable: `round-not-open`."""
    title: str
    detail: str
    kept: str = ""
    action: Action | None = None
    instance: str = ""
    """The id under which the log knows it."""
