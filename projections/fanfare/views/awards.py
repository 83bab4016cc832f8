"""Awards as people read them: what a fan holds, what earned each, and the share that comes from people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.recognition import Emblem


class Cause(msgspec.Struct, frozen=True):
    """The event that earned an award, or that took it."""

    event_id: str
    offset: int
    """Where it stands in partition 0."""
    wire: str = ""
    """Its type; empty where no line of the timeline tells of it, as of somebody who joined."""
    at: datetime | None = None
    idea: str | None = None
    idea_title: str = ""
    """Empty where the idea is hidden or its words were erased."""
    round: str | None = None
    by: str | None = None
    """Whoever did it; none for the clock, and where no line tells."""
    by_name: str = ""


class Step(msgspec.Struct, frozen=True):
    """A turn of an award: an odd one granted it, an even one revoked it."""

    turn: int
    at: datetime
    place: int
    event_id: str
    by: str | None
    """The host who did it; none where a rule did."""
    by_name: str
    reason: str
    """Empty where there is none, or where its text was erased."""
    cause: Cause | None

    @property
    def grants(self) -> bool:
        """Tell whether the award stood after it."""
        return self.turn % 2 == 1

    @property
    def position(self) -> str:
        """Where the record holds it."""
        return f"0:{self.place >> 16}:{self.place & 0xFFFF}"


class Award(msgspec.Struct, frozen=True):
    """Points, a badge's level, a tier or a title of one member, standing or fallen."""

    award: str
    member: str
    name: str
    """As she is called today; empty for one who left."""
    kind: str
    """points, badge, tier or title."""
    points: int
    level: int
    stands: bool
    at: datetime
    """When it was granted, the last time."""
    place: int
    season: str
    """Of that time, such as 2026-q4."""
    campaign: str | None
    rule: str | None
    """None where a host gave it."""
    version: int | None
    rule_title: str
    rule_words: str
    emblem: Emblem | None
    """Of a badge."""
    tier: str
    """What a tier is called; empty for any other award, and where the text was erased."""
    title: str
    """What a title says; empty for any other award, and where the text was erased."""
    by: str | None
    """The host who gave it; none where a rule did."""
    by_name: str
    reason: str
    because: tuple[str, ...]
    """The ideas and comments that justify a title."""
    until: datetime | None
    """When a title ends; none: never."""
    cause: Cause | None
    title_hash: str | None = None
    reason_hash: str | None = None
    """Of the texts, by which a moderator removes them."""
    steps: tuple[Step, ...] = ()
    """Every turn, the first one first; only of :func:`award`."""

    @property
    def is_human(self) -> bool:
        """Tell whether somebody gave it, not a rule."""
        return self.by is not None

    @property
    def position(self) -> str:
        """Where the record holds the last granting."""
        return f"0:{self.place >> 16}:{self.place & 0xFFFF}"


class Badge(msgspec.Struct, frozen=True):
    """A badge at the highest level that its holder reached."""

    award: str
    rule: str
    version: int
    emblem: Emblem
    level: int
    levels: int
    """How many there are, by the version of the rule that gave it."""
    title: str
    at: datetime


class Tier(msgspec.Struct, frozen=True):
    """The highest tier that a member reached."""

    award: str
    rule: str
    level: int
    name: str
    at: datetime


class Title(msgspec.Struct, frozen=True):
    """A title that stands and has not ended."""

    award: str
    words: str
    reason: str
    by: str
    by_name: str
    at: datetime
    because: tuple[str, ...]
    until: datetime | None
    campaign: str | None


class Profile(msgspec.Struct, frozen=True):
    """What a member holds now."""

    member: str
    points: int = 0
    tier: Tier | None = None
    badges: tuple[Badge, ...] = ()
    """One a rule, the latest first."""
    titles: tuple[Title, ...] = ()
    """The latest first."""
    kudos: int = 0
    """How many she holds; the kudos module has their words."""
    awards: int = 0
    """How many awards of hers stand."""
    in_standings: bool = True


class Honours(msgspec.Struct, frozen=True):
    """What stands beside the name of whoever writes."""

    tier: str = ""
    titles: tuple[str, ...] = ()
    """The latest first."""


class HumanShare(msgspec.Struct, frozen=True):
    """How much of all recognition comes from people."""

    human: int
    """Titles that stand, kudos that count, and rewards that arrived."""
    all: int
    """Those, and every award that stands by a rule."""

    @property
    def percent(self) -> int:
        """Return the share in whole percent, rounded down; 100 where there is none yet."""
        return self.human * 100 // self.all if self.all else 100


# Whoever was erased holds nothing any more; what stands is what the highest turn granted.
_HELD: LiteralString = """
    from recognition.awards where member = any(%(members)s) and stands
     and not exists (select from recognition.fans where fans.member = awards.member and erased)
"""
_POINTS: LiteralString = """
    select (select points from recognition.sums where scope = '' and member = %(member)s),
           (select count(*) from recognition.awards where member = %(member)s and stands),
           (select count(*) from recognition.kudos join record.texts on hash = words
             where to_member = %(member)s and counts and not taken_back),
           coalesce(has_left, false)
      from (select 1) as once left join recognition.fans on member = %(member)s where erased is not true
"""
_TIERS: LiteralString = (
    """
    with best as (
        select distinct on (member) member, award, rule, version, level, at """
    + _HELD
    + """ and kind = 'tier' order by member, level desc, place desc)
    select best.member, award, rule, level, coalesce(text, ''), best.at
      from best left join recognition.rules using (rule, version) left join record.texts on hash = earns -> 'names' ->> level - 1
"""
)
_BADGES: LiteralString = (
    """
    with best as (
        select distinct on (rule) award, rule, version, level, at, place """
    + _HELD
    + """ and kind = 'badge' order by rule, level desc, place desc)
    select award, rule, version, coalesce(earns ->> 'emblem', 'star'), level,
           coalesce(jsonb_array_length(earns -> 'levels'), level), coalesce(text, ''), best.at
      from best left join recognition.rules using (rule, version) left join record.texts on hash = title order by best.place desc
"""
)
_TITLES: LiteralString = (
    """
    with held as (
        select * """
    + _HELD
    + """ and kind = 'title' and (until is null or until > now()))
    select held.member, award, coalesce(words.text, ''), coalesce(why.text, ''), by_member, coalesce(name, ''), held.at,
           because, until, campaign
      from held left join record.texts as words on words.hash = held.words left join record.texts as why on why.hash = reason
           and not exists (select from moderation.veiled where veiled.hash = why.hash)
      left join vault.members on members.id = by_member order by place desc
"""
)


async def profile(connection: AsyncConnection, member: str) -> Profile:
    """Return what a member holds now; of somebody who was erased nothing."""
    asked = {"member": member, "members": [member]}
    row = await (await connection.execute(_POINTS, asked)).fetchone()
    if row is None:
        return Profile(member)
    points, awards, kudos, has_left = row
    tiers = await (await connection.execute(_TIERS, asked)).fetchall()
    badges = await (await connection.execute(_BADGES, asked)).fetchall()
    titles = await (await connection.execute(_TITLES, asked)).fetchall()
    return Profile(
        member,
        points or 0,
        Tier(*tiers[0][1:]) if tiers else None,
        tuple(Badge(*each) for each in badges),
        tuple(_title(each[1:]) for each in titles),
        kudos,
        awards,
        not has_left,
    )


def _title(row: tuple[Any, ...]) -> Title:
    award, words, reason, by, name, at, because, until, campaign = row
    return Title(award, words, reason, by, name, at, tuple(because), until, campaign)


# The event behind an award is told by its line of the timeline, where it has one.
_CAUSED: LiteralString = """
    select cause.event_id as event, wire, cause.at, cause.idea, coalesce(heading.text, '') as idea_title, cause.round,
           cause.member as did, coalesce(doer.name, '') as doer
      from timeline.acts as cause left join ideas.ideas on ideas.idea = cause.idea
      left join ideas.versions on versions.idea = ideas.idea and versions.version = ideas.version
      left join record.texts as heading on heading.hash = versions.title and not hidden
      left join vault.members as doer on doer.id = cause.member
"""
_AWARDS: LiteralString = (
    """
    select award, found.member, coalesce(holder.name, ''), kind, points, level, stands, found.at, found.place, season,
           found.campaign, found.rule, found.version, coalesce(called.text, ''), coalesce(meant.text, ''), earns ->> 'emblem',
           coalesce(tier.text, ''), coalesce(title.text, ''), found.by_member, coalesce(giver.name, ''), coalesce(why.text, ''),
           because, until, cause, cause_offset, wire, caused.at, caused.idea, idea_title, round, did, doer,
           found.words, found.reason
      from found left join recognition.rules on (rules.rule, rules.version) = (found.rule, found.version)
      left join record.texts as called on called.hash = rules.title
      left join record.texts as meant on meant.hash = rules.words
      left join record.texts as tier on tier.hash = earns -> 'names' ->> level - 1 and kind = 'tier'
      left join record.texts as title on title.hash = found.words
      left join record.texts as why on why.hash = found.reason
      left join vault.members as holder on holder.id = found.member
      left join vault.members as giver on giver.id = found.by_member
      left join lateral ("""
    + _CAUSED
    + """ where cause.event_id = found.cause) as caused on true order by found.place desc
"""
)
_ONE: LiteralString = (
    """
    with found as (
        select * from recognition.awards where award = %(award)s and kind is not null
           and not exists (select from recognition.fans where fans.member = awards.member and erased))"""
    + _AWARDS
)
_OF_MEMBER: LiteralString = (
    """
    with found as (
        select * from recognition.awards where member = %(member)s and place < %(before)s
           and (%(kind)s::text is null or kind = %(kind)s)
           and not exists (select from recognition.fans where fans.member = awards.member and erased)
         order by place desc limit %(limit)s)"""
    + _AWARDS
)
_STEPS: LiteralString = (
    """
    select turn, turns.at, turns.place, turns.event_id, by_member, coalesce(name, ''), coalesce(why.text, ''),
           cause, cause_offset, wire, caused.at, caused.idea, idea_title, round, did, doer
      from recognition.turns left join vault.members on members.id = by_member
      left join record.texts as why on why.hash = reason
      left join lateral ("""
    + _CAUSED
    + " where cause.event_id = turns.cause) as caused on true where award = %(award)s order by turn"
)


def _award(row: tuple[Any, ...]) -> Award:
    return Award(*(*row[:21], tuple(row[21]), row[22], _cause(row[23:-2]), *row[-2:]))


def _cause(row: tuple[Any, ...]) -> Cause | None:
    event_id, offset, wire, at, idea, title, found_in, by, name = row
    return Cause(event_id, offset, wire or "", at, idea, title or "", found_in, by, name or "") if event_id else None


async def award(connection: AsyncConnection, award_id: str) -> Award | None:
    """Return an award with its cause, its rule's version and all its turns; none where there is none, or she was erased."""
    row = await (await connection.execute(_ONE, {"award": award_id})).fetchone()
    if row is None:
        return None
    steps = await (await connection.execute(_STEPS, {"award": award_id})).fetchall()
    return msgspec.structs.replace(_award(row), steps=tuple(Step(*(*each[:7], _cause(each[7:]))) for each in steps))


async def awards_of(
    connection: AsyncConnection, member: str, *, before: int | None = None, limit: int = 50, kind: str | None = None
) -> list[Award]:
    """
    Return the awards of a member, standing and fallen, the latest granted first; none of somebody who was erased.

    Args:
        before: the ``place`` of the last one of the page before.
        kind: only points, badge, tier or title.
    """
    asked = {"member": member, "before": before or 2**62, "limit": limit, "kind": kind}
    return [_award(each) for each in await (await connection.execute(_OF_MEMBER, asked)).fetchall()]


async def honours(connection: AsyncConnection, members: Iterable[str]) -> dict[str, Honours]:
    """Return the tier and the titles of those of these members who have any."""
    asked = {"members": sorted(set(members))}
    tiers = {row[0]: row[4] for row in await (await connection.execute(_TIERS, asked)).fetchall()}
    titles: dict[str, list[str]] = {}
    for row in await (await connection.execute(_TITLES, asked)).fetchall():
        titles.setdefault(row[0], []).append(row[2])
    return {each: Honours(tiers.get(each, ""), tuple(titles.get(each, ()))) for each in tiers.keys() | titles.keys()}


async def human_share(connection: AsyncConnection, handed_over: int) -> HumanShare:
    """
    Return how much of all recognition comes from people. Anybody can count it in the record.

    Args:
        handed_over: how many rewards arrived; decisions alone tell that.
    """
    rows = await (await connection.execute("select kind, standing from recognition.tallies")).fetchall()
    standing = {row[0]: row[1] for row in rows}
    human = standing.get("title", 0) + standing.get("kudos", 0) + handed_over
    return HumanShare(human, sum(standing.values()) + handed_over)
