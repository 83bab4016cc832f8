"""By which right somebody acted who is no host: said beside her name wherever what she did is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.powers import CLAIMS, May, PowerEnded, PowerGranted, Powers
from fanfare.web import words

_STANDING = {
    # Translators: after a name: "Noor A., fan with the right to moderate until 3 May".
    "host": marked("fan with the right to host this campaign until %(day)s"),
    "curate": marked("fan with the right to answer ideas until %(day)s"),
    "moderate": marked("fan with the right to moderate until %(day)s"),
    "welcome": marked("fan with the right to welcome newcomers until %(day)s"),
}
_GAVE = {
    # Translators: after the name of who did it, on the timeline of a campaign.
    "host": marked("gave a fan the right to host this campaign"),
    "curate": marked("gave a fan the right to answer ideas here"),
    "moderate": marked("gave a fan the right to moderate here"),
}
_ENDED = {
    # Translators: after the name of who did it, on the timeline of a campaign.
    "host": marked("ended a fan’s right to host this campaign"),
    "curate": marked("ended a fan’s right to answer ideas here"),
    "moderate": marked("ended a fan’s right to moderate here"),
}
_LAID_DOWN = {
    # Translators: after the name of who did it, on the timeline of a campaign.
    "host": marked("laid down the right to host this campaign"),
    "curate": marked("laid down the right to answer ideas here"),
    "moderate": marked("laid down the right to moderate here"),
}
_TO_DO = {
    # Translators: what a fan may do, as a heading on her own page.
    "host": (marked("Host “%(campaign)s”"), ""),
    "curate": (marked("Answer ideas in “%(campaign)s”"), marked("Answer ideas")),
    "moderate": (marked("Moderate “%(campaign)s”"), marked("Moderate")),
    "welcome": ("", marked("Welcome newcomers")),
}
"""In one campaign, and on the whole site."""
_DOES = {
    # Translators: what a fan does here, beside her name.
    "host": (marked("Hosts “%(campaign)s”"), ""),
    "curate": (marked("Answers ideas in “%(campaign)s”"), marked("Answers ideas")),
    "moderate": (marked("Moderates “%(campaign)s”"), marked("Moderates")),
    "welcome": ("", marked("Welcomes newcomers")),
}
"""The same, beside her name."""
WIRES = frozenset((PowerGranted.wire, PowerEnded.wire))
_BY_WIRE: dict[str, May] = {event.wire: claimed for event, claimed in CLAIMS.items()}


def standing(powers: Powers, member: str, may: May, campaign: str | None, at: datetime, zone: str, now: datetime) -> str:
    """Return by which right of a fan a member did *may* at a time; empty where she did it as somebody of the brand."""
    power = powers.held(member, may, campaign, at)
    return _(_STANDING[power.granted.may], day=words.day(power.ends, zone, now)) if power else ""


def standing_here(desk: Desk, member: str, may: May, campaign: str | None, at: datetime) -> str:
    """Return the same in the zone of this site."""
    return standing(desk.streams.powers, member, may, campaign, at, desk.streams.site.zone, desk.now)


def to_do(may: May, title: str | None) -> str:
    """Return what a right lets her do, as she reads it; *title* is of its campaign, none for the whole site."""
    here, everywhere = _TO_DO[may]
    return _(everywhere) if title is None else _(here, campaign=title)


def does(may: May, title: str | None) -> str:
    """Return what a right lets her do, as others read it."""
    here, everywhere = _DOES[may]
    return _(everywhere) if title is None else _(here, campaign=title)


def claimed(wire: str) -> May | None:
    """Return what whoever did such an act had to be allowed; none where every fan may."""
    return _BY_WIRE.get(wire)


def sentence(wire: str, details: Mapping[str, Any]) -> str:
    """Return that a right was given or ended, after the name of who did it; whose it is, the site's decisions say."""
    may = str(details["may"])
    if wire == PowerGranted.wire:
        return _(_GAVE[may])
    return _((_LAID_DOWN if details["by"] == details["member"] else _ENDED)[may])
