"""The relying party: under which name of the site passkeys are made, and where they work."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from fanfare.members import links
from fanfare.members.address import is_loopback
from fanfare.members.refusals import PasskeysElsewhere
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _


class RelyingParty(msgspec.Struct, frozen=True):
    """What a browser binds a passkey to. Source: Web Authentication Level 3, section 4, Relying Party Identifier."""

    id: str
    """The host of the site's public address."""
    origin: str
    """Its scheme, host and port."""


def relying_party(request: Request, desk: Desk) -> RelyingParty:
    """
    Return what passkeys of this site are bound to: its public address, never the request's Host header where that is another.

    Raises:
        PasskeysElsewhere: no browser makes or uses a passkey where this page was opened; it says where one would.
    """
    parts, here = urlsplit(links.site_address(request, desk)), request.url.hostname or ""
    host, place = parts.hostname or "", f"{parts.scheme}://{parts.netloc}"
    if is_loopback(host) and _is_number(host):
        port = f":{parts.port}" if parts.port else ""
        address = f"http://localhost{port}"
        message = _(
            "Passkeys need a name, and this page was opened by number (%(host)s). Open %(address)s instead.",
            host=host,
            address=address,
        )
        raise PasskeysElsewhere(message)
    if _is_number(host):
        message = _("Passkeys need a name, and this site has only a number for an address. A link by mail works here.")
        raise PasskeysElsewhere(message)
    if parts.scheme != "https" and not is_loopback(host):
        message = _("Browsers allow passkeys over https only, and this site is served without. A link by mail works here.")
        raise PasskeysElsewhere(message)
    if here.lower() != host.lower():
        message = _(
            "Passkeys of this site work at %(place)s only. Open that address; a link by mail works here too.", place=place
        )
        raise PasskeysElsewhere(message)
    return RelyingParty(host.lower(), place)


def where_else(request: Request, desk: Desk) -> str:
    """Return why passkeys do not work where this page was opened, in a sentence; empty where they do."""
    try:
        relying_party(request, desk)
    except PasskeysElsewhere as refusal:
        return str(refusal)
    return ""


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
