"""The claim about rights: whoever decided something held the role, or the power for that place, when she did. Pure."""

from collections.abc import Mapping
from datetime import datetime

from fanfare.audit.claims import Claim, claim
from fanfare.record import circles, draws, recognition, site
from fanfare.record.decisions import Streams
from fanfare.record.envelope import Recorded
from fanfare.record.kinds import Event
from fanfare.record.position import Position
from fanfare.record.powers import BY_ROLE, CLAIMS, ON_ITS_WAY, May, PowerEnded, PowerGranted
from fanfare.record.site import Role

_HOSTS, _ADMINS = frozenset[Role](("host", "admin")), frozenset[Role](("admin",))
BY_ROLE_ALONE: Mapping[type[Event], frozenset[Role]] = {
    **dict.fromkeys((site.SiteChanged, site.RoleGranted, site.RoleRevoked, PowerGranted, PowerEnded), _ADMINS),
    **dict.fromkeys((recognition.RulePublished, recognition.RuleRetired, recognition.AutomationSet), _HOSTS),
    **dict.fromkeys((recognition.AwardGranted, recognition.AwardRevoked), _HOSTS),
    **dict.fromkeys((draws.DrawAnnounced, draws.DrawVoided), _HOSTS),
    **dict.fromkeys((*circles.CircleEvent.__args__, circles.CircleInvited, circles.CircleUninvited, circles.BriefShared), _HOSTS),
}
"""What no power opens."""


class Entitled:
    """Asks of each event of partition 0 who was allowed to write it. Mutable; fed in record order, before the event is folded."""

    def __init__(self) -> None:
        """Start at the beginning of the record."""
        self.wrong: list[str] = []
        self.by_role = self.by_power = self.on_its_way = 0
        self._revoked: dict[tuple[str, Role], datetime] = {}
        """When a role that is no longer held was revoked."""

    def take(self, streams: Streams, position: Position, recorded: Recorded) -> None:
        """Judge one event by what *streams* held before it."""
        event = recorded.event
        if isinstance(event, site.RoleRevoked):
            self._revoked[event.member, event.role] = recorded.time
        by = getattr(event, "by", None)
        if by is None:  # the clock, a rule, or the link on the console, which makes the first admin
            return
        if (may := CLAIMS.get(type(event))) is not None:
            campaign = recorded.decision.stream if recorded.decision else getattr(event, "campaign", None)
            self._claimed(streams, position, recorded, by, may, campaign)
        elif (roles := BY_ROLE_ALONE.get(type(event))) is not None:
            hers = site.RoleRevoked | PowerEnded | recognition.AwardRevoked  # what whoever holds it may lay down
            is_hers = isinstance(event, hers) and event.member == by
            if not is_hers and not self._holds(streams, by, roles, recorded.time):
                self.wrong.append(f"{position}: {by} wrote {event.wire} and was {_any_of(roles)} then")
            else:
                self.by_role += 1

    def _claimed(self, streams: Streams, position: Position, recorded: Recorded, by: str, may: May, campaign: str | None) -> None:
        at = recorded.time
        if self._holds(streams, by, BY_ROLE[may], at):
            self.by_role += 1
            return
        held = [each for each in streams.powers.of(by) if each.covers(may, campaign) and at < each.ends + ON_ITS_WAY]
        if not held:
            where = campaign or "the site"
            self.wrong.append(f"{position}: {by} wrote {recorded.event.wire} and had no right to {may} in {where} then")
            return
        self.by_power += 1
        self.on_its_way += not any(each.holds(at) for each in held)

    def _holds(self, streams: Streams, member: str, roles: frozenset[Role], at: datetime) -> bool:
        lately = (self._revoked.get((member, role)) for role in roles)
        return any((member, role) in streams.site.roles for role in roles) or any(
            revoked is not None and at <= revoked + ON_ITS_WAY for revoked in lately
        )


def rights_claim(entitled: Entitled) -> Claim:
    """Return the claim that everybody who decided something was allowed to."""
    fans = f", and {entitled.by_power} by fans with a right that held there and then" if entitled.by_power else ""
    late = f"; {entitled.on_its_way} of them were on their way when it ended" if entitled.on_its_way else ""
    return claim("rights", f"{entitled.by_role} decisions by those who held the role for them{fans}{late}", entitled.wrong)


def _any_of(roles: frozenset[Role]) -> str:
    return "neither " + " nor ".join(sorted(roles)) if len(roles) > 1 else f"no {min(roles)}"
