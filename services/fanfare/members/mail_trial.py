"""Trying the mail server out: one real mail, and what came of it in plain words. It loads the library that speaks SMTP."""

import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

import aiosmtplib
import msgspec

from fanfare.members.mail_settings import MailSettings
from fanfare.members.smtp import SmtpServer, parse_smtp_url
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
    message["From"], message["To"], message["Subject"] = way.sender, recipient, "A test of your mail settings"
    message["Message-ID"], message["Auto-Submitted"] = make_msgid(domain="fanfare"), "auto-generated"
    message.set_content(f"This is the test that you asked for in the settings of {brand}. Mail works.\n")
    place = f"{way.server.host}, port {way.server.port}"
    try:
        async with way.server.client() as client:
            _, answer = await client.send_message(message, recipients=[recipient])
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return _told(error, place)
    return Tried(ok=True, said=f"The server {place} took the mail. Look into {recipient}: it should be there.", answer=answer)


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
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            said = f"We reached {place}, and it does not take this user name with this password. Correct them."
        case aiosmtplib.SMTPSenderRefused():
            said = f"We reached {place}, and it does not take mail from this sender. Use an address of that server."
        case aiosmtplib.SMTPRecipientsRefused() | aiosmtplib.SMTPRecipientRefused():
            said = f"We reached {place}, and it takes no mail for your address. Ask who runs it whether it relays for you."
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            said = f"{place} did not answer in time. Look at the port: a firewall may be in between."
        case ssl.SSLError():
            said = f"{place} and we could not agree on TLS. Choose the other kind of encryption, or look at its certificate."
        case aiosmtplib.SMTPConnectError() | OSError():
            said = f"We could not reach {place}. Look at the server’s name, at the port and at the kind of encryption."
        case aiosmtplib.SMTPException() if "STARTTLS" in answer:
            said = f"{place} does not offer TLS on this port. Choose TLS from the start, or another port."
        case _:
            said = f"{place} did not take the mail."
    return Tried(ok=False, said=said, answer=answer)
