"""Segments: which fans are the active ones, by a rule that anybody can read. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

import msgspec

from fanfare.platform.language import gettext as _
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported
from fanfare.record.members import TookPart

Segment = Literal["active", "interested", "involved", "interacting", "new", "lapsed"]
SEGMENTS: Sequence[Segment] = get_args(Segment)
INTEREST = (IdeaSupported.wire, CommentMade.wire)
INVOLVEMENT = (IdeaRaised.wire, TookPart.wire)
LATELY, LAPSED, WEEKS = timedelta(days=30), timedelta(days=90), 2


class Described(msgspec.Struct, frozen=True):
    """A segment in words."""

    name: str
    rule: str


def described() -> Mapping[Segment, Described]:
    """Return every segment and the rule by which somebody is in it."""
    return {
        "active": Described(_("Active"), _("Interested, involved and interacting, all three.")),
        "interested": Described(_("Interested"), _("Supported an idea or commented, at any time.")),
        "involved": Described(_("Involved"), _("Raised an idea or took part in a round that has closed, at any time.")),
        "interacting": Described(
            _("Interacting"), _("Did any of this in two weeks (Monday to Sunday, UTC) or more of the last 30 days.")
        ),
        "new": Described(_("New"), _("Joined in the last 30 days.")),
        "lapsed": Described(_("Lapsed"), _("Did any of this once, and nothing of it for 90 days.")),
    }


def segments_of(joined_at: datetime, deeds: Sequence[tuple[str, datetime]], now: datetime) -> frozenset[Segment]:
    """
    Return the segments that somebody is in.

    Args:
        deeds: wire names and times of what the public timeline tells of her; others than the four that count change nothing.
    """
    counted = [(wire, at) for wire, at in deeds if wire in INTEREST + INVOLVEMENT]
    weeks = {at.isocalendar()[:2] for _wire, at in counted if at > now - LATELY}
    found: set[Segment] = set()
    if any(wire in INTEREST for wire, _at in counted):
        found.add("interested")
    if any(wire in INVOLVEMENT for wire, _at in counted):
        found.add("involved")
    if len(weeks) >= WEEKS:
        found.add("interacting")
    if found >= {"interested", "involved", "interacting"}:
        found.add("active")
    if joined_at > now - LATELY:
        found.add("new")
    if counted and max(at for _wire, at in counted) <= now - LAPSED:
        found.add("lapsed")
    return frozenset(found)
