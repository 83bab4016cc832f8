"""Contexts of sign-in, the development mailbox, first-run set-up and what a member keeps."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.views.mine import Counts
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.shell import Form, Page, Part


class SignInPage(Page, frozen=True):
    """One field, `email`, on a small ticket."""

    template = "sign_in.html"

    form: Form = Form()
    after: str = ""
    """Where it leads back to."""
    is_again: bool = False
    """She is signed in, and shows once more that it is she."""
    elsewhere: str = ""
    """Why passkeys do not work where the page was opened, and where they do; empty where they work."""
    by: str = ""
    """By whose link she came; empty where she came by none, or by one that is nobody's."""
    code: str = ""
    """Of that link; the form posts it as `from`."""
    is_stale: bool = False
    """The link is nobody's, or nobody's any more."""


class EffortPage(Page, frozen=True):
    """Many links are asked for: a script solves a challenge and posts the form, or she waits a minute."""

    template = "effort.html"

    email: str
    challenge: str
    """JSON, for the script."""
    waited: str
    wait_s: int
    after: str = ""
    is_early: bool = False
    """She pressed before the minute was over."""
    code: str = ""
    """Of the link by which she came."""


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
    asked_here: bool = True
    """The link was asked for in this browser; else the page says which one it signs in."""
    browser: str = ""
    """What this browser calls itself."""
    by: str = ""
    """By whose link a newcomer came; the form posts `credit` as `yes`, unless she says no."""
    form: Form = Form()


class Access(Part, frozen=True):
    """A browser that is signed in, or a script's token."""

    id: str
    label: str
    since: datetime
    until: datetime
    is_this: bool = False
    """The browser that reads the page."""


class PasskeyLine(Part, frozen=True):
    """A passkey that signs her in."""

    id: str
    name: str
    since: datetime
    used_at: datetime | None = None


class WaysIn(Part, frozen=True):
    """How she signs in."""

    email: str = ""
    """Empty where she has none."""
    passkeys: Sequence[PasskeyLine] = ()
    is_fresh: bool = True
    """Her sign-in is recent enough to change any of it."""
    elsewhere: str = ""
    """Why passkeys do not work where the page was opened; empty where they do."""
    device: str = ""
    """What a new passkey may be called."""

    @property
    def can_remove(self) -> bool:
        """Without an address the last passkey stays."""
        return bool(self.email) or len(self.passkeys) > 1


class AccessPage(Page, frozen=True):
    """
    Who can act as her: what she is called, how she signs in, her browsers, her scripts.

    Forms post `name`; `email`; `passkey` and `credential` of a new passkey, `remove` of one that goes; `shown`; `label` and `key`
    of a new token; `end` (`others` for all but this one) and `kind` of what shall end.
    """

    template = "access.html"

    browsers: Sequence[Access]
    tokens: Sequence[Access]
    idempotency_key: str
    ways: WaysIn = WaysIn()
    shown: bool = True
    """Others may read her page."""
    form: Form = Form()
    """Fields name, email, passkey, label."""
    made: str = ""
    """A token that was just made: it is shown this once."""


class NewAddressPage(Page, frozen=True):
    """The link to the new address was opened; a button (POST) makes it hers."""

    template = "new_address.html"

    token: str
    name: str
    """Of the member whose address it becomes."""
    email: str
    here: bool
    """She is signed in in this browser. Else the page says where to open the link."""


class OldAddressPage(Page, frozen=True):
    """The link to the old address was opened; a button (POST) puts everything back."""

    template = "old_address.html"

    token: str
    name: str
    email: str
    until: datetime


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
    thanks_by_mail: bool = True
    """Thank-yous and kudos come to her address, too."""


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
    The first run: of the site, of its first admin, and of its mail, which may wait.

    Fields: public_url, brand, colour, zone, name, email; host, port, encryption, username, password, sender.
    A post with `colour-pick` only shows that colour; one with `show` the colour of the field.
    """

    template = "setup.html"

    form: Form
    zones: Sequence[str]
    colours: Sequence[str] = ("#12805c", "#ff5c7c", "#ffc629", "#2457d6")
    """Brands to start from, beside a field for one's own."""
    preview: str = ""
    """The colour, once it is readable."""
    remarks: Sequence[str] = ()
    """What is done with that colour, in sentences."""
    encryptions: Sequence[Choice] = ()
    has_environment_mail: bool = False
    """Whoever runs the site has said where mail goes: it is not asked for."""
    token: str = ""
    """Of the link on the console: posted back, and used up when the record begins."""
    guesses_zone: bool = False
    """Nothing was typed yet: a script may choose the browser's own zone."""
