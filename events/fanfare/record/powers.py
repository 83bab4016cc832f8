"""Powers: what a named fan may do beyond being one, where, and until when. One contested stream, named ``powers``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.answers import IdeaAnswered
from fanfare.record.bringing import NewcomerWelcomed
from fanfare.record.campaigns import CampaignEvent
from fanfare.record.kinds import CampaignId, Event, Instant, MemberId, TextHash, check_utc
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.site import Role

STREAM = "powers"
May = Literal["host", "curate", "moderate", "welcome"]
"""host: a campaign's rounds and answers. curate: its answers. moderate: its queue. welcome: the queue of newcomers."""
LONGEST = timedelta(days=366)
"""A power ends by itself; nobody gets one for longer than a year at once."""
ON_ITS_WAY = timedelta(minutes=2)
"""
How long after a power was ended an act under it may still arrive. A power and what it is used for are two streams, and no lock
spans them: an act that was decided in time is appended a moment later. Audits count such acts, and take any later one for wrong.
"""
BY_ROLE: Mapping[May, frozenset[Role]] = {
    "host": frozenset(("host", "admin")),
    "curate": frozenset(("host", "admin")),
    "moderate": frozenset(("moderator", "host", "admin")),
    "welcome": frozenset(("host", "admin")),
}
"""Which roles allow the same, everywhere and without an end."""
CLAIMS: Mapping[type[Event], May] = {
    **dict.fromkeys(CampaignEvent.__args__, "host"),
    IdeaAnswered: "curate",
    ContentHidden: "moderate",
    ContentShown: "moderate",
    NewcomerWelcomed: "welcome",
}
"""What whoever did this had to be allowed. What the clock did names nobody, and claims nothing."""
PowerId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}(?!\n)$")]


class PowerGranted(Event, frozen=True):
    """A fan may do something that only a role allows otherwise: in one campaign or (none) on the whole site, until then."""

    wire: ClassVar[str] = "fanfare.power.granted.v1"
    power: PowerId
    member: MemberId
    may: May
    until: Instant
    by: MemberId
    reason: TextHash
    campaign: CampaignId | None = None
    """None: on the whole site, which ``host`` never is."""

    def __post_init__(self) -> None:
        """Refuse a time that is not in UTC, a host of everything (a role), and newcomers of one campaign (there are none)."""
        check_utc(self.until)
        if (self.may == "host" and self.campaign is None) or (self.may == "welcome" and self.campaign is not None):
            message = "the power to host names its campaign, and the power to welcome names none"
            raise ValueError(message)


class PowerEnded(Event, frozen=True):
    """A power ended before its time, with a reason; the fan herself may lay it down. Which one it is, is said once more."""

    wire: ClassVar[str] = "fanfare.power.ended.v1"
    power: PowerId
    member: MemberId
    may: May
    by: MemberId
    reason: TextHash
    campaign: CampaignId | None = None


PowerEvent = PowerGranted | PowerEnded


class Power(msgspec.Struct, frozen=True):
    """A power as the decisions so far have made it."""

    granted: PowerGranted
    since: datetime
    offset: int
    """Of the entry that granted it."""
    ended_at: datetime | None = None
    """When it was ended before its time."""
    reason: str = ""
    """The text hash of why it was ended."""
    ended_by: str = ""

    @property
    def ends(self) -> datetime:
        """When it ends, or ended: at its date, or before that by a decision."""
        return min(self.granted.until, self.ended_at or self.granted.until)

    def holds(self, at: datetime) -> bool:
        """Tell whether it holds at a time, as far as the decisions so far say."""
        return at < self.ends

    def covers(self, may: May, campaign: str | None) -> bool:
        """
        Tell whether it is for *may* in *campaign*, or (none) on the whole site.

        Whoever hosts a campaign answers in it, too: that is part of hosting. Nothing else follows from anything.
        """
        named = self.granted
        return (named.may == may or (named.may, may) == ("host", "curate")) and named.campaign in (None, campaign)


class Powers(msgspec.Struct, frozen=True):
    """All powers that were ever granted, by their id, in the order of the record."""

    granted: Mapping[str, Power] = msgspec.field(default_factory=dict)

    def of(self, member: str) -> list[Power]:
        """Return every power that a member was given, the earliest first."""
        return [each for each in self.granted.values() if each.granted.member == member]

    def held(self, member: str, may: May, campaign: str | None, at: datetime) -> Power | None:
        """Return the power by which a member may do something in a campaign at a time: the one that lasts longest; or none."""
        found = [each for each in self.of(member) if each.covers(may, campaign) and each.since <= at and each.holds(at)]
        return max(found, key=lambda each: each.ends, default=None)


def evolve(state: Powers, event: Event, at: datetime, offset: int) -> Powers:
    """
    Return *state* with *event* taken in; what makes no sense there changes nothing.

    Args:
        at: the time of the event.
        offset: of its entry in partition 0.
    """
    match event:
        case PowerGranted(power=power, until=until):
            sound = power not in state.granted and at < until <= at + LONGEST
            return Powers({**state.granted, power: Power(event, at, offset)}) if sound else state
        case PowerEnded(power=power, reason=reason, by=by):
            found = state.granted.get(power)
            if found is None or not found.holds(at):
                return state
            ended = msgspec.structs.replace(found, ended_at=at, reason=reason, ended_by=by)
            return Powers({**state.granted, power: ended})
        case _:
            return state
