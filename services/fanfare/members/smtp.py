"""Where mail goes: a server's address from the settings, and what it answered."""

from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import msgspec

from fanfare.members.address import is_loopback

Encryption = Literal["implicit", "starttls", "if-offered", "none"]
_TIMEOUT_S = 20


class SmtpUrlWrong(Exception):
    """FANFARE_SMTP_URL is not smtp://user:password@host:587 or smtps://user:password@host:465."""


class SmtpServer(msgspec.Struct, frozen=True):
    """A mail server and how to speak to it."""

    host: str
    port: int
    username: str | None
    password: str | None
    encryption: Encryption

    def client(self) -> aiosmtplib.SMTP:
        """Return a client that is not connected yet."""
        start_tls = {"implicit": False, "starttls": True, "if-offered": None, "none": False}[self.encryption]
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.encryption == "implicit",
            start_tls=start_tls,
            timeout=_TIMEOUT_S,
        )


def parse_smtp_url(url: str, password: str = "") -> SmtpServer:
    """
    Return the server that a URL names: smtps (TLS from the start, port 465) or smtp (STARTTLS, port 587).

    STARTTLS is demanded, or somebody on the way could take it out; only on this machine it is used if offered, and
    ``?starttls=no`` goes without, for a relay in a private network.

    Args:
        password: used where the URL has none.

    Raises:
        SmtpUrlWrong: the message never repeats the password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise SmtpUrlWrong(SmtpUrlWrong.__doc__) from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise SmtpUrlWrong(SmtpUrlWrong.__doc__)
    encryption: Encryption = "starttls"
    if parts.scheme == "smtps":
        encryption = "implicit"
    elif parse_qs(parts.query).get("starttls") == ["no"]:
        encryption = "none"
    elif is_loopback(parts.hostname):
        encryption = "if-offered"
    username = unquote(parts.username) if parts.username else None
    spoken = unquote(parts.password) if parts.password else password
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if parts.scheme == "smtps" else 587),
        username=username,
        password=spoken if username else None,
        encryption=encryption,
    )


def is_final(error: Exception) -> bool:
    """Tell whether the server will never take this mail (a 5xx answer to its recipient or its text); trying again is no use."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
            return all(each.code >= 500 for each in refused)
        case aiosmtplib.SMTPRecipientRefused(code=code) | aiosmtplib.SMTPDataError(code=code):
            return code >= 500
        case _:
            return False


def is_about_this_mail(error: Exception) -> bool:
    """Tell whether the answer is about one mail, so that the next can be tried on the same connection."""
    return isinstance(error, aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
