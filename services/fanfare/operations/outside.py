"""What a site needs of the world outside: its mail server, its bucket and its public URL."""

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
import httpx2

from fanfare.members.address import is_loopback
from fanfare.members.smtp import SmtpServer, SmtpUrlWrong, parse_smtp_url
from fanfare.operations.database import told
from fanfare.operations.findings import Finding, ok, warning, wrong
from fanfare.platform.objects import ObjectsAway, ObjectsWrong, objects
from fanfare.platform.settings import Settings


def mail(settings: Settings, address: str = "") -> Finding:
    """Look whether the mail server takes us, up to the login; a mail goes only to *address*, where one is given."""
    if not settings.smtp_url:
        advice = "Set FANFARE_SMTP_URL before the site is public: sign-in links stand on a page of this machine until then."
        return warning("mail", "no mail server is set", advice)
    try:
        server = parse_smtp_url(settings.smtp_url, settings.smtp_password.get_secret_value())
    except SmtpUrlWrong as error:
        return wrong("mail", str(error), "Correct FANFARE_SMTP_URL.")
    place = f"{server.host}:{server.port}"
    try:
        encrypted = asyncio.run(_knock(server, settings.mail_from, address))
    except (aiosmtplib.SMTPException, OSError) as error:
        found = f"{place}: {str(error) or type(error).__name__}"
        return wrong("mail", found, "Correct FANFARE_SMTP_URL and FANFARE_SMTP_PASSWORD, or ask who runs that server.")
    said = [f"{place} answers", "encrypted" if encrypted else "not encrypted"]
    said += ["the login is right"] if server.username else []
    said += [f"a mail went to {address}"] if address else []
    if not encrypted and not is_loopback(server.host):
        return warning("mail", ", ".join(said), "Sign-in links travel open: use a server that speaks TLS.")
    return ok("mail", ", ".join(said))


async def _knock(server: SmtpServer, sender: str, address: str) -> bool:
    async with server.client() as client:
        await client.noop()
        if address:
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = sender, address, "Fanfare's doctor writes"
            message.set_content("This mail was asked for with `fanfare doctor --mail`. Mail works.\n")
            await client.send_message(message)
        return client.get_transport_info("sslcontext") is not None


def bucket(home: Path, place: str) -> Finding:
    """Look whether the bucket that FANFARE_OBJECTS names takes what the notary writes, and puts nothing over what is there."""
    try:
        asyncio.run(objects(home, place).check())
    except ObjectsWrong as error:
        return wrong("objects", f"{place} cannot be used", str(error))
    except ObjectsAway as error:
        found = f"{place} cannot be written to: {error}"
        return wrong("objects", found, "Correct FANFARE_OBJECTS and the AWS_… variables, or ask who runs that store.")
    return ok("objects", f"{place} can be written to, and puts nothing over what is there")


def public_url(name: str, *, running: bool) -> list[Finding]:
    """Look whether the public URL *name* leads to this site over https, and whether its clock agrees with ours."""
    loopback = is_loopback(urlsplit(name).hostname or "")
    if not running:
        return [ok("public URL", f"{name}; it is asked when the site runs")]
    try:
        answer = httpx2.get(f"{name}/api/v1/site", timeout=10, follow_redirects=False, trust_env=not loopback)
        stated = answer.json().get("name") if answer.status_code == 200 else None
    except (httpx2.HTTPError, ValueError, AttributeError) as error:
        found = f"{name} does not answer as a Fanfare: {str(error) or type(error).__name__}"
        return [wrong("public URL", found, "Look at the name's address, the proxy and its certificate.")]
    if stated != name:
        said = f"the record of {stated}" if stated else f"an answer with status {answer.status_code}"
        return [wrong("public URL", f"at {name} there is {said}", "Let the proxy lead to this site's port.")]
    if not name.startswith("https://") and not loopback:
        return [wrong("public URL", f"{name} answers, and is not encrypted", "Put a proxy that speaks TLS before it.")]
    findings = [ok("public URL", f"{name} answers, and is this site")]
    if date := answer.headers.get("date"):
        apart_s = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
        findings.append(told("clock outside", "that of the public URL", max(0.0, apart_s - 1)))  # the header has no fractions
    return findings
