"""Founding a site: the first event of its record."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from fanfare.campaigns.presenting import checked_colour, checked_zone
from fanfare.platform import texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Invalid, Refusal
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event
from fanfare.record.site import STREAM, SiteFounded


class SiteIsFounded(Refusal):
    """This site was set up already."""

    code, status, advice = "site-is-founded", 410, "Its name and its record stay as they are. Sign in to go on from there."


class AddressRefused(Invalid):
    """This address cannot be the site's name."""

    code = "address-refused"


class Founding(msgspec.Struct, frozen=True):
    """What the first run asks for."""

    url: str
    brand: str
    colour: str
    zone: str
    simulation: bool = False
    partitions: int = 4


def checked_url(url: str) -> str:
    """
    Return the public URL as it becomes the record's name: scheme and host, without a path.

    Raises:
        AddressRefused: no http(s) URL, or plain http beyond this machine.
    """
    parts = urlsplit(url.strip().rstrip("/"))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.path or parts.query or parts.username:
        message = _("Write the address that visitors will type, such as https://fanfare.example.org, without a path.")
        raise AddressRefused(message, field="url")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        message = _("Beyond this machine a site needs https, or ballots could be read on the way. Write an address with https.")
        raise AddressRefused(message, field="url")
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")


def _loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def found_site(state: Streams, event: SiteFounded) -> list[Event]:
    """Found the site. Raises: SiteIsFounded."""
    if state.site.founded:
        raise SiteIsFounded
    return [event]


async def found(desk: Desk, founding: Founding) -> Acknowledged:
    """
    Write the founding as the first event of the record.

    Raises:
        AddressRefused, TextRefused, Invalid: an answer cannot be taken.
        SiteIsFounded: somebody was first.
    """
    url, brand = checked_url(founding.url), texts.checked(founding.brand, marked("brand"), texts.TITLE)
    zone, colour = checked_zone(founding.zone), checked_colour(founding.colour)
    await desk.catch_up()
    if desk.streams.site.founded:
        raise SiteIsFounded
    async with desk.pool.connection() as connection:
        hashes = await texts.keep(connection, [brand], None)
    event = SiteFounded(
        name=url,
        brand=hashes[brand],
        colour=colour,
        zone=zone,
        partitions=founding.partitions,
        simulation=founding.simulation,
    )
    desk.source = url
    asked = Asked(actor="console", command="found", target="site", key="")
    return await desk.decide(STREAM, asked, lambda state: found_site(state, event))
