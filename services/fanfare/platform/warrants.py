"""
Warrants: what one member may do and where, by her roles and her powers as the record has them. Pure, so that deciders take them.

A role holds everywhere. A power holds in one campaign or on the whole site, until its end. Whoever asks names the campaign, so
that no scope can be forgotten.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.decisions import Streams
from fanfare.record.powers import BY_ROLE, May, Power

ASK: Mapping[May, str] = {
    "host": marked("Only hosts may do this, and fans who were given this campaign to host. Ask an admin of this site."),
    "curate": marked("Only hosts answer for the brand, and fans who were given that right here. Write a comment instead."),
    "moderate": marked("Only a moderator, a host or an admin does this, or a fan with that right here. Ask one of them."),
    "welcome": marked("Only hosts do this, and fans who were given that right. Ask an admin of this site."),
}
"""What somebody is told who may not."""


class Warrant(msgspec.Struct, frozen=True):
    """What one member may do, and where, at the moment when it was asked."""

    member: str
    name: str
    what: May
    everywhere: bool = False
    campaigns: frozenset[str] = frozenset()
    """Where not everywhere: the campaigns that her powers name."""

    def covers(self, campaign: str | None) -> bool:
        """Tell whether it holds in *campaign*, or (none) on the whole site."""
        return self.everywhere or campaign in self.campaigns

    @property
    def somewhere(self) -> bool:
        """Whether it holds anywhere at all."""
        return self.everywhere or bool(self.campaigns)

    @property
    def only(self) -> list[str] | None:
        """The campaigns that what she sees is limited to; none where it is not."""
        return None if self.everywhere else sorted(self.campaigns)

    def demand(self, campaign: str | None) -> None:
        """Refuse what it does not cover. Raises: RoleNeeded."""
        if not self.covers(campaign):
            raise RoleNeeded(_(ASK[self.what]))


def warrant(streams: Streams, member: str, what: May, now: datetime, name: str = "") -> Warrant:
    """Return what a member may do by the record as it was read, at the time *now*. Pure."""
    if any((member, role) in streams.site.roles for role in BY_ROLE[what]):
        return Warrant(member, name, what, everywhere=True)
    held = [each for each in streams.powers.of(member) if each.since <= now and each.holds(now)]
    everywhere = any(each.covers(what, None) for each in held)
    named = frozenset(each.granted.campaign for each in held if each.granted.campaign)
    where = frozenset(campaign for campaign in named if any(each.covers(what, campaign) for each in held))
    return Warrant(member, name, what, everywhere, where)


def demand(streams: Streams, member: str, what: May, campaign: str, now: datetime) -> None:
    """
    Ask again where a decision is made, at its position: a role or a power may have ended since the page was opened.

    Raises:
        RoleNeeded.
    """
    warrant(streams, member, what, now).demand(campaign)


def powers_now(streams: Streams, member: str, now: datetime) -> list[Power]:
    """Return the powers that a member holds, the one that ends first before the others."""
    return sorted((each for each in streams.powers.of(member) if each.holds(now)), key=lambda each: each.ends)
