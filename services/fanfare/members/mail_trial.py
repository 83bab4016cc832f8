"""Trying the mail server out: one real mail, and what came of it in plain words. It loads the library that speaks SMTP."""

import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

import aiosmtplib
import msgspec

from fanfare.members.mail_settings import MailSettings
from fanfare.members.smtp import SmtpServer, parse_smtp_url
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.settings import Settings


class Route(msgspec.Struct, frozen=True):
    """A mail server and who writes."""

    server: SmtpServer
    sender: str


class Tried(msgspec.Struct, frozen=True):
    """What came of a trial."""

    ok: bool
    said: str
    """In plain words."""
    answer: str
    """What the server said, as it said it; empty where it said nothing."""


def route(settings: Settings, kept: MailSettings | None) -> Route | None:
    """
    Return which way mail goes: the environment's, or else the one that an admin set; none where neither says.

    Raises:
        SmtpUrlWrong: the environment's cannot be understood.
    """
    if settings.smtp_url:
        server = parse_smtp_url(settings.smtp_url, settings.smtp_password.get_secret_value())
        return Route(server, settings.mail_from)
    if kept is None:
        return None
    password = kept.password if kept.username else None
    server = SmtpServer(kept.host, kept.port, kept.username or None, password, kept.encryption)
    return Route(server, kept.sender)


async def try_out(way: Route, recipient: str, brand: str) -> Tried:
    """Send one mail to *recipient* over *way* and tell what came of it."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = way.sender, recipient, _("A test of your mail settings")
    message["Message-ID"], message["Auto-Submitted"] = make_msgid(domain="fanfare"), "auto-generated"
    said = _("This is the test that you asked for in the settings of %(brand)s. Mail works.", brand=brand)
    message.set_content(f"{said}\n")
    place = _("%(host)s, port %(port)s", host=way.server.host, port=way.server.port)
    try:
        async with way.server.client() as client:
            __, answer = await client.send_message(message, recipients=[recipient])
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return _told(error, place)
    said = _("The server %(place)s took the mail. Look into %(recipient)s: it should be there.", place=place, recipient=recipient)
    return Tried(ok=True, said=said, answer=answer)


def _spoken(error: Exception) -> str:
    """Return what the server said; of an error that is no answer, what the machine says of it."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return f"{first.code} {first.message}"
        case aiosmtplib.SMTPResponseException(code=code, message=message):
            return f"{code} {message}"
        case _:
            return str(error)


def _told(error: Exception, place: str) -> Tried:
    answer = " ".join(_spoken(error).split())[:500]
    return Tried(ok=False, said=_(_said(error, answer), place=place), answer=answer)


def _said(error: Exception, answer: str) -> str:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return marked("We reached %(place)s, and it does not take this user name with this password. Correct them.")
        case aiosmtplib.SMTPSenderRefused():
            return marked("We reached %(place)s, and it does not take mail from this sender. Use an address of that server.")
        case aiosmtplib.SMTPRecipientsRefused() | aiosmtplib.SMTPRecipientRefused():
            return marked(
                "We reached %(place)s, and it takes no mail for your address. Ask who runs it whether it relays for you."
            )
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return marked("%(place)s did not answer in time. Look at the port: a firewall may be in between.")
        case ssl.SSLError():
            return marked(
                "%(place)s and we could not agree on TLS. Choose the other kind of encryption, or look at its certificate."
            )
        case aiosmtplib.SMTPConnectError() | OSError():
            return marked("We could not reach %(place)s. Look at the server’s name, at the port and at the kind of encryption.")
        case aiosmtplib.SMTPException() if "STARTTLS" in answer:
            return marked("%(place)s does not offer TLS on this port. Choose TLS from the start, or another port.")
        case _:
            return marked("%(place)s did not take the mail.")
