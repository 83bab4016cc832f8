"""How the site presents itself: brand, colour, zone, logo, privacy notice and imprint, changed by admins in the record."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from psycopg import AsyncConnection

from fanfare.platform import texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Invalid, Refusal, RoleNeeded
from fanfare.record.kinds import Event
from fanfare.record.site import STREAM, Site, SiteChanged

NOTICE = 20_000
"""The most characters of a privacy notice or an imprint."""


class SiteUnchanged(Refusal):
    """Everything is like that already."""

    code, advice = "site-unchanged", "Nothing was written. Change something, then save it."


class Presentation(msgspec.Struct, frozen=True):
    """How the site presents itself, in words."""

    brand: str
    colour: str
    """`#rrggbb`."""
    zone: str
    logo: str | None = None
    """The hash of a picture that is kept already."""
    privacy: Annotated[str, "Markdown; empty for none"] = ""
    imprint: Annotated[str, "Markdown; empty for none"] = ""


async def present(connection: AsyncConnection, site: Site) -> Presentation:
    """Return how *site* presents itself now, in words; a text that is gone is empty."""
    founded, changed = site.present, site.changed
    if founded is None:
        return Presentation("", "", "UTC")
    hashes = [founded.brand, *(each for each in (changed.privacy, changed.imprint) if each)] if changed else [founded.brand]
    found = await texts.read(connection, hashes)
    return Presentation(
        brand=found.get(founded.brand, ""),
        colour=founded.colour,
        zone=founded.zone,
        logo=changed.logo if changed else None,
        privacy=found.get(changed.privacy or "", "") if changed else "",
        imprint=found.get(changed.imprint or "", "") if changed else "",
    )


def decide(state: Site, event: SiteChanged) -> list[Event]:
    """
    Change how the site presents itself.

    Raises:
        RoleNeeded: whoever asks is no admin.
    """
    if (event.by, "admin") not in state.roles:
        message = _("Only admins change how the site presents itself.")
        raise RoleNeeded(message)
    return [event]


async def change(desk: Desk, asked: Asked, wanted: Presentation, reason: str = "") -> Acknowledged:
    """
    Write how the site presents itself from now on, with the reason that everybody can read, where one is given.

    Raises:
        TextRefused, Invalid: an answer cannot be taken; the refusal names its field.
        SiteUnchanged: there is nothing to write.
        RoleNeeded, Overtaken, Busy.
    """
    wanted = checked(wanted)
    because = texts.checked(reason, marked("reason"), texts.LINE) if reason.strip() else ""
    await desk.catch_up()
    if done := desk.taken(asked):
        return done
    async with desk.pool.connection() as connection:
        now = await present(connection, desk.streams.site)
        if wanted == now:
            raise SiteUnchanged
        kept = _hashes(desk.streams.site, now)  # what stays as it is keeps its hash, so a reader sees what has changed
        spoken = [each for each in (wanted.brand, wanted.privacy, wanted.imprint, because) if each and each not in kept]
        kept |= await texts.keep(connection, spoken, None)
    event = SiteChanged(
        brand=kept[wanted.brand],
        colour=wanted.colour,
        zone=wanted.zone,
        logo=wanted.logo,
        privacy=kept.get(wanted.privacy),
        imprint=kept.get(wanted.imprint),
        by=asked.actor,
        reason=kept.get(because),
    )
    return await desk.decide(STREAM, asked, lambda streams: decide(streams.site, event))


def _hashes(site: Site, now: Presentation) -> dict[str, str]:
    founded, changed = site.present, site.changed
    known = [(now.brand, founded.brand if founded else None)]
    known += [(now.privacy, changed.privacy), (now.imprint, changed.imprint)] if changed else []
    return {text: found for text, found in known if text and found}


def checked(wanted: Presentation) -> Presentation:
    """Return *wanted* as it would be kept. Raises: TextRefused, Invalid, each with its field."""
    return msgspec.structs.replace(
        wanted,
        brand=texts.checked(wanted.brand, marked("brand"), texts.TITLE),
        colour=checked_colour(wanted.colour),
        zone=checked_zone(wanted.zone),
        privacy=texts.checked(wanted.privacy, marked("privacy notice"), NOTICE, lines=True) if wanted.privacy.strip() else "",
        imprint=texts.checked(wanted.imprint, marked("imprint"), NOTICE, lines=True) if wanted.imprint.strip() else "",
    )


def checked_colour(colour: str) -> str:
    """Return a colour as the record has it. Raises: Invalid."""
    colour = colour.strip().lower()
    if len(colour) != 7 or colour[0] != "#" or any(each not in "0123456789abcdef" for each in colour[1:]):
        message = _("The colour needs six hexadecimal digits, such as #ff5c7c.")
        raise Invalid(message, field="colour")
    return colour


def checked_zone(zone: str) -> str:
    """Return the name of a time zone. Raises: Invalid."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = _("%(zone)s is not a time zone. Write one such as Europe/Berlin.", zone=repr(zone[:60]))
        raise Invalid(message, field="zone") from error
    return zone
