"""Where mail goes, as an admin set it in the browser. It stays in the vault; what the environment says goes before it."""

from typing import Literal

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.members.address import normalised
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid
from fanfare.platform.settings import Settings

Encryption = Literal["starttls", "implicit", "none"]
PORTS: dict[Encryption, int] = {"starttls": 587, "implicit": 465, "none": 25}
LONGEST = 300
Name = Literal["mail", "mail-tried"]
READ = "select body from vault.settings where name = %s"
KEEP = """
    insert into vault.settings (name, body) values (%s, %s)
    on conflict (name) do update set body = excluded.body, changed_at = now()
"""


class MailSettings(msgspec.Struct, frozen=True):
    """A mail server, and who writes."""

    host: str
    port: int
    encryption: Encryption
    username: str
    password: str
    sender: str
    """`fanfare@example.org`, or `Pomfret Soda <fanfare@example.org>`."""

    def __repr__(self) -> str:
        """Say where mail goes, and never the password."""
        return f"MailSettings({self.host}:{self.port})"


async def kept(connection: AsyncConnection, name: Name = "mail") -> MailSettings | None:
    """Return what an admin set, or tried out last; none where nobody did."""
    row = await (await connection.execute(READ, (name,))).fetchone()
    return msgspec.convert(row[0], MailSettings) if row else None


async def keep(connection: AsyncConnection, chosen: MailSettings, name: Name = "mail") -> None:
    """Set where mail goes, which holds for the next mail; or keep what is tried out, so that its password is typed once."""
    if name == "mail":
        await forget(connection)
    await connection.execute(KEEP, (name, Jsonb(msgspec.to_builtins(chosen))))


async def forget(connection: AsyncConnection) -> bool:
    """Set no mail server any more, and tell whether there was one."""
    return (await connection.execute("delete from vault.settings where name in ('mail', 'mail-tried')")).rowcount > 0


async def is_set(connection: AsyncConnection, settings: Settings) -> bool:
    """Tell whether mail leaves this site."""
    if settings.smtp_url:
        return True
    return await (await connection.execute("select from vault.settings where name = 'mail'")).fetchone() is not None


def checked(host: str, port: str, encryption: str, username: str, password: str, sender: str) -> MailSettings:
    """
    Return what was typed as settings.

    Raises:
        Invalid, AddressRefused: with the field that cannot be taken.
    """
    host, sender = host.strip().lower(), sender.strip()
    if not host or len(host) > LONGEST or not host.isprintable() or any(each in host for each in " /@:"):
        message = _("Write the name of the server alone, such as mail.example.org.")
        raise Invalid(message, field="host")
    way: Encryption | None = next((each for each in PORTS if each == encryption), None)
    if way is None:
        message = _("Choose how the connection is kept private.")
        raise Invalid(message, field="encryption")
    digits = port.strip() or str(PORTS[way])
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 1 <= int(digits) <= 65535):
        message = _("A port is a number from 1 to 65535: mostly 587 or 465.")
        raise Invalid(message, field="port")
    if max(len(username), len(password), len(sender)) > LONGEST or not (username + sender + password).isprintable():
        message = _(
            "User name, password and sender have at most %(most)s characters, and none that cannot be seen.", most=LONGEST
        )
        raise Invalid(message, field="sender")
    name, opening, rest = sender.rpartition("<")
    try:
        normalised(rest.removesuffix(">") if opening else sender)
    except Invalid as refusal:
        message = _("Write the address that mail comes from, such as fanfare@example.org.")
        raise Invalid(message, field="sender") from refusal
    if opening and (not rest.endswith(">") or any(each in name for each in '",;:@<>')):
        message = _("Write a name and the address behind it in angle brackets: Pomfret Soda <fanfare@example.org>.")
        raise Invalid(message, field="sender")
    return MailSettings(host, int(digits), way, username.strip(), password, sender)
