"""Powers as pages and the API show them: with names, the campaign's title and the reason."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from fanfare.platform.desk import Desk
from fanfare.platform.texts import read
from fanfare.record.powers import May, Power


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A power in words."""

    id: str
    member: str
    name: str
    """As she is called today; empty where she left."""
    may: May
    campaign: str | None
    title: str | None
    """The campaign's; none for the whole site."""
    since: datetime
    until: datetime
    """When it ends, or ended."""
    holds: bool
    was_ended: bool
    """It was ended before its date."""
    by: str
    by_name: str
    reason: str
    """Why it was given."""
    ended_because: str


async def shown(desk: Desk, powers: Sequence[Power]) -> list[Shown]:
    """Return *powers* in words, in their order."""
    campaigns = desk.streams.campaigns
    titles = {
        each.granted.campaign: campaigns[each.granted.campaign].title for each in powers if each.granted.campaign in campaigns
    }
    people = sorted({name for each in powers for name in (each.granted.member, each.granted.by)})
    async with desk.pool.connection() as connection:
        hashes = [text for each in powers for text in (each.granted.reason, each.reason) if text]
        words = await read(connection, [*hashes, *titles.values()])
        rows = await (await connection.execute("select id, name from vault.members where id = any(%s)", (people,))).fetchall()
    names: dict[str, str] = dict(rows)
    now = desk.now
    return [
        Shown(
            id=each.granted.power,
            member=each.granted.member,
            name=names.get(each.granted.member, ""),
            may=each.granted.may,
            campaign=each.granted.campaign,
            title=words.get(titles.get(each.granted.campaign, ""), "") if each.granted.campaign else None,
            since=each.since,
            until=each.ends,
            holds=each.holds(now),
            was_ended=each.ended_at is not None,
            by=each.granted.by,
            by_name=names.get(each.granted.by, ""),
            reason=words.get(each.granted.reason, ""),
            ended_because=words.get(each.reason, "") if each.reason else "",
        )
        for each in powers
    ]
