"""Contexts of what admins set: how the site presents itself, mail, people and roles; and of the pages that show it to all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.rights import GivenRight
from fanfare.web.contexts.shell import Form, Page, Part


class SettingsPage(Page, frozen=True):
    """
    How the site presents itself. Fields: brand, colour, zone, logo (a file), logo_words, privacy, imprint, reason.

    Buttons post `act`: `save`, `show` (only shows the colour), `remove-logo`.
    """

    template = "host/settings.html"

    form: Form
    zones: Sequence[str]
    idempotency_key: str
    after: int
    """Number of contested decisions of the site that the page shows: posted back, so that an overtaken admin is told."""
    preview: str = ""
    """The colour, once it is readable."""
    remarks: Sequence[str] = ()
    """What is done with that colour, in sentences."""
    logo: str = ""
    """The hash of the picture in force."""
    meanwhile: str = ""
    """What another admin decided since the form was shown."""


class MailPage(Page, frozen=True):
    """
    Where mail goes. Fields: host, port, encryption, username, password, sender. Buttons post `act`: `save`, `test`, `forget`.

    The password that is kept is never shown: an empty field keeps it.
    """

    template = "host/mail.html"

    form: Form
    encryptions: Sequence[Choice]
    is_set: bool
    from_environment: str = ""
    """`mail.example.org, port 587, as fanfare@example.org`, where the environment says it: then the form is only told."""
    has_password: bool = False
    address: str = ""
    """Of the admin: where the test goes."""
    tried: Literal["", "ok", "bad"] = ""
    said: str = ""
    """What came of the test."""
    answer: str = ""
    """What the server said."""
    waiting: int = 0
    """Mails that have not left."""


class Holding(Part, frozen=True):
    """Somebody holds a role."""

    member: str
    name: str
    role: str
    since: datetime
    by: str
    """Empty for the link on the console."""
    is_last_admin: bool = False
    is_me: bool = False


class Found(Part, frozen=True):
    """A member who was looked for."""

    member: str
    name: str
    since: datetime
    roles: Sequence[str]


class Invited(Part, frozen=True):
    """Somebody who was invited and has not come yet."""

    id: str
    email: str
    role: str
    by: str
    until: datetime


class PeoplePage(Page, frozen=True):
    """
    Who holds which role, since when, by whom.

    Forms: `grant` (member, role), `revoke` (member, role, reason), `invite` (email, role), `withdraw` (invitation),
    `give-right` (member, may, campaign, until, reason), `end-right` (power, reason).
    """

    template = "host/people.html"

    holdings: Sequence[Holding]
    roles: Sequence[Choice]
    idempotency_key: str
    asked: str = ""
    found: Sequence[Found] | None = None
    """None where nobody was looked for."""
    is_address: bool = False
    """What was looked for is an address that nobody joined with: she can be invited."""
    invited: Sequence[Invited] = ()
    form: Form = Form()
    failed: str = ""
    """Which form the errors are of: `revoke-<member>-<role>`, `invite`, `grant-<member>`, `end-right-<power>`."""
    rights: Sequence[GivenRight] = ()
    """Of fans, that hold now."""
    kinds: Sequence[Choice] = ()
    """Of rights."""
    places: Sequence[Choice] = ()
    """Where a right may hold: the whole site (empty), or a campaign."""


class InvitationPage(Page, frozen=True):
    """The link of an invitation: takes a name, and makes a member with a role."""

    template = "invitation.html"

    token: str
    role: str
    by: str
    email: str
    until: datetime
    form: Form = Form()


class SiteDecision(Part, frozen=True):
    """A decision about the site."""

    at: datetime
    who: str
    what: str
    position: str
    reason: str = ""


class SiteDecisionsPage(Page, frozen=True):
    """What was decided about the site itself, for everybody."""

    template = "site.html"

    decisions: Sequence[SiteDecision]
    older: str = ""


class NoticePage(Page, frozen=True):
    """The privacy notice or the imprint."""

    template = "notice.html"

    title: str
    text: str
    """Markdown."""
    since: datetime | None = None


class ExportCampaign(Part, frozen=True):
    """A campaign whose figures and ideas can be taken along."""

    id: str
    title: str
    rounds: Sequence[Choice]
    """Id and name of those that have opened."""
    has_ideas: bool


class ExportsPage(Page, frozen=True):
    """What a host can take along."""

    template = "host/exports.html"

    campaigns: Sequence[ExportCampaign]
    entries: int
