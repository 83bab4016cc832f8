"""What may happen to a circle. Pure: state, time and ids come in as arguments, facts or a refusal go out."""

from collections.abc import Collection, Mapping

import msgspec

from fanfare.circles import refusals
from fanfare.platform.language import gettext as _
from fanfare.record.circles import (
    Circle,
    CircleChanged,
    CircleClosed,
    CircleEntered,
    CircleLeft,
    CircleOpened,
    CircleTier,
    CircleUninvited,
)
from fanfare.record.kinds import Event
from fanfare.record.recognition import Recognition, Tier


class Ground(msgspec.Struct, frozen=True):
    """What a circle is judged by."""

    recognition: Recognition
    campaigns: Collection[str]
    """The public ones."""


def known(circles: Mapping[str, Circle], circle: str) -> Circle:
    """Return a circle that is there, open or closed. Raises: CircleNotFound."""
    if circle not in circles:
        raise refusals.CircleNotFound
    return circles[circle]


def _living(circles: Mapping[str, Circle], circle: str) -> Circle:
    found = known(circles, circle)
    if found.closed:
        raise refusals.CircleIsClosed
    return found


def _check_tier(tier: CircleTier | None, recognition: Recognition) -> None:
    if tier is None:
        return
    rule = recognition.rules.get(tier.rule)
    if rule is None or not isinstance(rule.published.earns, Tier) or tier.level > len(rule.published.earns.levels):
        message = _("There is no such tier. Choose one that a rule awards, or open the circle by invitation alone.")
        raise refusals.CircleRefused(message, field="tier")


def open_circle(circles: Mapping[str, Circle], event: CircleOpened, ground: Ground) -> list[Event]:
    """
    Open a circle.

    Raises:
        CircleIsOpen: there is one of that id.
        CircleRefused: no such tier, or no such campaign.
    """
    if event.circle in circles:
        raise refusals.CircleIsOpen
    _check_tier(event.tier, ground.recognition)
    if event.campaign is not None and event.campaign not in ground.campaigns:
        message = _("There is no such public campaign.")
        raise refusals.CircleRefused(message, field="campaign")
    return [event]


def change(circles: Mapping[str, Circle], event: CircleChanged, ground: Ground) -> list[Event]:
    """Change a circle's name, words or tier. Raises: CircleNotFound, CircleIsClosed, CircleRefused."""
    _living(circles, event.circle)
    _check_tier(event.tier, ground.recognition)
    return [event]


def close(circles: Mapping[str, Circle], event: CircleClosed) -> list[Event]:
    """Close a circle for good. Raises: CircleNotFound, CircleIsClosed."""
    _living(circles, event.circle)
    return [event]


def invite(circles: Mapping[str, Circle], circle: str) -> Circle:
    """Return a circle to which somebody may be invited. Raises: CircleNotFound, CircleIsClosed."""
    return _living(circles, circle)


def uninvite(
    circles: Mapping[str, Circle], circle: str, member: str, invited: int, reason: str, by: str
) -> list[CircleUninvited]:
    """
    Take an invitation back.

    Args:
        invited: the highest turn of her invitations, 0 where she has none.

    Raises:
        CircleNotFound, CircleIsClosed, NotInvitedHere.
    """
    _living(circles, circle)
    if invited % 2 == 0:
        raise refusals.NotInvitedHere
    return [CircleUninvited(circle=circle, member=member, turn=invited + 1, reason=reason, by=by)]


def come(circles: Mapping[str, Circle], circle: str, member: str, turn: int, *, open_to_her: bool) -> list[Event]:
    """
    Enter a circle (an odd turn), or leave it or decline (an even one).

    Raises:
        CircleNotFound, CircleIsClosed.
        NotOpenToYou: she holds no tier that opens it and is not invited; whoever is in may always leave.
    """
    _living(circles, circle)
    if turn % 2 and not open_to_her:
        raise refusals.NotOpenToYou
    kind = CircleEntered if turn % 2 else CircleLeft
    return [kind(circle=circle, member=member, turn=turn)]


def read(circle: Circle, *, belongs: bool, is_host: bool) -> None:
    """Refuse what a circle holds to whoever does not belong; hosts and moderators read everything. Raises: NotInCircle."""
    if not (is_host or (belongs and not circle.closed)):
        raise refusals.NotInCircle
