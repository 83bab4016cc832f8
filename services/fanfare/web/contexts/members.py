"""Contexts of sign-in, the development mailbox, first-run set-up and the pages about checking."""

import re
from collections.abc import Sequence
from datetime import datetime

from fanfare.views.mine import Counts
from fanfare.web.contexts.shell import Form, Page, Part


class SignInPage(Page, frozen=True):
    """One field, `email`, on a small ticket."""

    template = "sign_in.html"

    form: Form = Form()
    after: str = ""
    """Where it leads back to."""


class LinkSentPage(Page, frozen=True):
    """The link is on its way, whether or not we know the address."""

    template = "link_sent.html"

    email: str
    minutes: int = 15
    mailbox: bool = False
    """Whether the development mailbox has it."""


class ConfirmPage(Page, frozen=True):
    """The link was opened; a button (POST) uses it up, so that a mail scanner cannot."""

    template = "confirm.html"

    token: str
    email: str = ""
    after: str = ""
    asks_name: bool = False
    """A first sign-in asks what to call her."""
    asks_email: bool = False
    """The console's link asks where later links go."""
    form: Form = Form()


class Access(Part, frozen=True):
    """A browser that is signed in, or a script's token."""

    id: str
    label: str
    since: datetime
    until: datetime
    is_this: bool = False
    """The browser that reads the page."""


class AccessPage(Page, frozen=True):
    """
    Who can act as her: what she is called, her browsers, her scripts.

    Forms post `name`; `label` and `key` of a new token; `end` and `kind` of what shall end.
    """

    template = "access.html"

    browsers: Sequence[Access]
    tokens: Sequence[Access]
    idempotency_key: str
    form: Form = Form()
    """Fields name, label."""
    made: str = ""
    """A token that was just made: it is shown this once."""


class KeptPage(Page, frozen=True):
    """What is kept of her; she may take it along, or erase herself. The form posts `words` where she has no address."""

    template = "kept.html"

    name: str
    email: str
    """Empty where she has none: then the words alone confirm."""
    since: datetime
    counts: Counts
    is_last_admin: bool
    """She has to hand over before she can go."""
    mailbox: bool
    """Whether the development mailbox has the link."""
    form: Form = Form()


class ErasePage(Page, frozen=True):
    """The link that erases was opened; a button (POST) does it, once two words are typed."""

    template = "erase.html"

    name: str
    token: str
    form: Form = Form()


class Mail(Part, frozen=True):
    """A mail that would have been sent."""

    to: str
    subject: str
    at: datetime
    text: str
    """Plain text."""
    link: str = ""


class MailboxPage(Page, frozen=True):
    """Development only: what the outbox holds, newest first."""

    template = "mailbox.html"

    mails: Sequence[Mail]


class SetupPage(Page, frozen=True):
    """
    The first run: fields public_url, brand, colour, zone, and of the first admin name and email.

    A post with `colour-pick` only shows that colour; one with `show` the colour of the field.
    """

    template = "setup.html"

    form: Form
    zones: Sequence[str]
    colours: Sequence[str] = ("#12805c", "#ff5c7c", "#ffc629", "#2457d6")
    """Brands to start from, beside a field for one's own."""
    preview: str = ""
    """The colour, once it is readable."""
    token: str = ""
    """Of the link on the console: posted back, and used up when the record begins."""
    guesses_zone: bool = False
    """Nothing was typed yet: a script may choose the browser's own zone."""


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


class PartitionHead(Part, frozen=True):
    """How far one partition of the record has come."""

    partition: int
    entries: int
    events: int | None = None
    """Events in these entries, where they were counted."""


class CheckPage(Page, frozen=True):
    """How to check us: what is published, and the commands."""

    template = "check.html"

    origin: str
    """The record's name."""
    partitions: Sequence[PartitionHead]
    export_command: str
    replay_command: str
    is_simulation: bool = False
    archive_about: str = ""
    """What is in an archive, as its own README says it."""
