"""Powers: granted by admins to named fans, with a scope and an end; ended by admins, or laid down by the fan herself."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import assert_never

import msgspec

from fanfare.campaigns.refusals import CampaignNotFound
from fanfare.members import power_mail, vault
from fanfare.members.refusals import MemberNotFound, NotYourPower, PowerHasEnded, PowerHeld, PowerNotFound, PowerRefused
from fanfare.members.roles import admins_only
from fanfare.platform import requests, texts, warrants
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event
from fanfare.record.powers import BY_ROLE, LONGEST, STREAM, May, Power, PowerEnded, PowerGranted

_LAID_DOWN, _LEFT = "Laid down by herself.", "Had herself erased."
Commanded = Callable[[str], "GrantPower | EndPower"]
"""From the hash of a reason to the command."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Let a fan do something that a role would allow, here and until then."""

    member: str
    may: May
    campaign: str | None
    until: datetime
    reason: str
    """In words; in the record its hash."""

    def checked(self) -> "Grant":
        """Return it as it would be kept. Raises: TextRefused."""
        reason = texts.checked(self.reason, marked("reason"), texts.LINE)
        return msgspec.structs.replace(self, reason=reason, until=self.until.astimezone(UTC).replace(microsecond=0))


class GrantPower(msgspec.Struct, frozen=True):
    """Grant a power under an id."""

    power: str
    wanted: Grant
    by: str
    now: datetime
    reason: str
    """The hash of its text."""


class EndPower(msgspec.Struct, frozen=True):
    """End a power before its time."""

    power: str
    by: str
    now: datetime
    reason: str
    """The hash of its text."""


def decide(command: GrantPower | EndPower, streams: Streams) -> list[Event]:
    """
    Answer a command with the facts it makes true, or refuse it.

    Raises:
        RoleNeeded, NotYourPower: she who asks may not.
        PowerRefused, CampaignNotFound: it has no end, a wrong one, or no place.
        PowerHeld: the fan may do that there already, for as long.
        PowerNotFound, PowerHasEnded.
    """
    match command:
        case GrantPower():
            return [_granted(command, streams)]
        case EndPower(power=power, by=by, now=now, reason=reason):
            return [_ended(known(streams, power), by, now, reason, streams)]
        case _:
            assert_never(command)


def _granted(command: GrantPower, streams: Streams) -> PowerGranted:
    wanted, now = command.wanted, command.now
    admins_only(command.by, streams.site)
    if wanted.may == "host" and wanted.campaign is None:
        raise PowerRefused(_("Choose the campaign that she hosts. A host of everything is a role."), field="campaign")
    if wanted.may == "welcome" and wanted.campaign is not None:
        raise PowerRefused(_("Newcomers come to the whole site. Choose no campaign."), field="campaign")
    if wanted.campaign is not None and not getattr(streams.campaigns.get(wanted.campaign), "id", ""):
        raise CampaignNotFound
    if not now < wanted.until <= now + LONGEST:
        raise PowerRefused(_("Choose an end that lies ahead, and within a year."), field="until")
    if any((wanted.member, role) in streams.site.roles for role in BY_ROLE[wanted.may]):
        raise PowerHeld
    if (held := streams.powers.held(wanted.member, wanted.may, wanted.campaign, now)) and held.ends >= wanted.until:
        raise PowerHeld
    return PowerGranted(
        power=command.power,
        member=wanted.member,
        may=wanted.may,
        until=wanted.until,
        by=command.by,
        reason=command.reason,
        campaign=wanted.campaign,
    )


def _ended(power: Power, by: str, now: datetime, reason: str, streams: Streams) -> PowerEnded:
    granted = power.granted
    if by != granted.member and (by, "admin") not in streams.site.roles:
        raise NotYourPower
    if not power.holds(now):
        raise PowerHasEnded
    return PowerEnded(
        power=granted.power, member=granted.member, may=granted.may, by=by, reason=reason, campaign=granted.campaign
    )


def known(streams: Streams, power_id: str) -> Power:
    """Return a power as it stands. Raises: PowerNotFound."""
    found = streams.powers.granted.get(power_id)
    if found is None:
        raise PowerNotFound
    return found


async def grant(desk: Desk, asked: Asked, wanted: Grant) -> tuple[str, Acknowledged]:
    """
    Grant a fan a power, tell her by mail, and return its id; it holds from her next request on.

    Raises:
        MemberNotFound, RoleNeeded, PowerRefused, CampaignNotFound, PowerHeld, TextRefused, Overtaken, KeyReused, Busy.
    """
    wanted, power_id = wanted.checked(), asked.event_id(desk.vault_key)[:16]
    if done := await requests.earlier(desk.pool, asked):
        return power_id, done
    async with desk.pool.connection() as connection:
        if await vault.by_id(connection, wanted.member) is None:
            raise MemberNotFound
    done = await _decided(desk, asked, wanted.reason, lambda hashed: GrantPower(power_id, wanted, asked.actor, desk.now, hashed))
    await power_mail.tell_granted(desk, known(desk.streams, power_id), wanted.reason)
    return power_id, await requests.finished(desk.pool, asked, done)


async def end(desk: Desk, asked: Asked, power_id: str, reason: str) -> Acknowledged:
    """
    End a power before its time: an admin with a reason, or she who holds it, with one or without.

    Raises:
        PowerNotFound, PowerHasEnded, NotYourPower, TextRefused, Overtaken, KeyReused, Busy.
    """
    await desk.catch_up()
    power = known(desk.streams, power_id)
    is_hers = asked.actor == power.granted.member
    reason = _LAID_DOWN if is_hers and not reason.strip() else texts.checked(reason, marked("reason"), texts.LINE)
    if done := await requests.earlier(desk.pool, asked):
        return done
    whose = asked.actor if is_hers else None
    done = await _decided(desk, asked, reason, lambda hashed: EndPower(power_id, asked.actor, desk.now, hashed), whose)
    if not is_hers:
        await power_mail.tell_ended(desk, power, reason)
    return await requests.finished(desk.pool, asked, done)


async def leave(desk: Desk, member: str) -> None:
    """End all powers of a member who has herself erased. Raises: Overtaken, Busy."""
    await desk.catch_up()
    for power in warrants.powers_now(desk.streams, member, desk.now):
        with suppress(PowerHasEnded):  # at this very moment
            await _leave(desk, member, power.granted.power)


async def _leave(desk: Desk, member: str, power_id: str) -> None:
    asked = Asked(actor=member, command="leave-power", target=power_id, key="")
    await _decided(desk, asked, _LEFT, lambda hashed: EndPower(power_id, member, desk.now, hashed))


async def _decided(desk: Desk, asked: Asked, reason: str, command: Commanded, whose: str | None = None) -> Acknowledged:
    """Decide, and keep the reason: an admin's is the brand's and stays when its author leaves, a fan's own goes with her."""
    await desk.catch_up()
    if done := desk.taken(asked):
        return done
    decide(command("0" * 64), desk.streams)  # refuses before words are kept
    async with desk.pool.connection() as connection:
        hashed = (await texts.keep(connection, [reason], whose))[reason]
    return await desk.decide(STREAM, asked, lambda streams: decide(command(hashed), streams))
