"""The timeline: every public decision of hosts and fans, and so what each member contributed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.record import campaigns, ideas, members
from fanfare.record.answers import IdeaAnswered
from fanfare.record.bringing import NewcomerBrought, NewcomerWelcomed
from fanfare.record.campaigns import CampaignEvent, RoundEvent, RoundOpened
from fanfare.record.circles import BriefShared, CircleEvent
from fanfare.record.draws import DrawEvent
from fanfare.record.envelope import Recorded
from fanfare.record.kinds import Event, canonical
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.powers import PowerEnded, PowerGranted
from fanfare.record.recognition import AwardGranted, AwardRevoked, RecognitionEvent
from fanfare.record.rewards import OfferWithdrawn, RewardAdded, RewardClosed, RewardOffered, StockSet
from fanfare.record.texts import TextRemoved
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table acts (
    place bigint primary key,
    "offset" bigint not null, index integer not null, event_id text collate "C" unique not null, wire text collate "C" not null,
    at timestamptz not null, kind text collate "C" not null,
    campaign text collate "C", round text collate "C", idea text collate "C", member text collate "C", details jsonb not null
);
create index on acts (campaign, place desc);
create index on acts (campaign, kind, place desc);
create index on acts (round, kind, place desc);
create index on acts (member, place desc);
create index on acts (wire, place desc) where kind = 'decision';
create table tallies (campaign text collate "C", kind text collate "C", lines bigint not null, primary key (campaign, kind));
"""
KINDS = ("decision", "idea", "comment", "support", "vote")
"""What the timeline can be filtered by. ``vote`` is a member's part in a round, told after its close."""


def _kind(event: Event) -> str:
    match event:
        case ideas.IdeaRaised() | ideas.IdeaEdited() | ideas.IdeaWithdrawn():
            return "idea"
        case ideas.CommentMade():
            return "comment"
        case ideas.IdeaSupported() | ideas.SupportWithdrawn():
            return "support"
        case members.TookPart():
            return "vote"
        case TextRemoved(reason=None):
            return "comment"
        case _:
            return "decision"


def _row(seen: Seen) -> tuple[Any, ...]:
    position, recorded = seen
    event = recorded.event
    opened = event.terms.round if isinstance(event, RoundOpened) else None
    details = {} if opened else msgspec.json.decode(canonical(event))
    return (
        place(position),
        position.offset,
        position.index,
        recorded.id,
        event.wire,
        recorded.time,
        _kind(event),
        _campaign(recorded),
        opened or getattr(event, "round", None),
        getattr(event, "idea", None),
        getattr(event, "by", None) or getattr(event, "member", None),
        Jsonb(details),
    )


def _campaign(recorded: Recorded) -> str | None:
    """Return the campaign that an event tells by itself: its own word, or the stream of what was decided about a campaign."""
    if recorded.decision and isinstance(recorded.event, CampaignEvent):
        return recorded.decision.stream
    return getattr(recorded.event, "campaign", None)


async def _note_titles(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Note what hosts gave and took; what rules award is told on the pages of fans, and would drown everything else here."""
    by_hosts = [each for each in seen if getattr(each[1].event, "by", None)]
    if by_hosts:
        await _note(connection, by_hosts)


async def _note_powers(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Note what was given to a fan in a campaign; what holds on the whole site is told among the site's decisions."""
    here = [each for each in seen if getattr(each[1].event, "campaign", None)]
    if here:
        await _note(connection, here)


async def _note(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    # An event that tells its idea, round, award, draw or reward alone gets the campaign from the act that first named them.
    await connection.execute(
        """with new as (
               select * from unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::text[], %s::timestamptz[],
                      %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
                      as rows (place, at_offset, index, event_id, wire, at, kind, campaign, round, idea, member, details))
           , noted as (
           insert into acts (place, "offset", index, event_id, wire, at, kind, campaign, round, idea, member, details)
           select place, at_offset, index, event_id, wire, at, kind,
                  coalesce(campaign,
                           (select acts.campaign from acts where acts.idea = new.idea and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.round = new.round and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.details ->> 'award' = new.details ->> 'award'
                               and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.details ->> 'draw' = new.details ->> 'draw'
                               and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.details ->> 'reward' = new.details ->> 'reward'
                               and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.details ->> 'circle' = new.details ->> 'circle'
                               and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.wire = 'fanfare.rule.published.v1'
                               and acts.details ->> 'rule' = new.details ->> 'rule' and new.wire = 'fanfare.rule.retired.v1'
                             order by place desc limit 1)),
                  round, idea, member, details
             from new order by place
           on conflict (event_id) do nothing returning campaign, kind)
           insert into tallies select campaign, kind, count(*) from noted where campaign is not null group by campaign, kind
               on conflict (campaign, kind) do update set lines = tallies.lines + excluded.lines""",
        columns([_row(each) for each in seen]),
    )


TIMELINE = Projection(
    name="timeline",
    version=6,
    schema=SCHEMA
    + "create index on acts (idea) where campaign is not null; create index on acts (round) where campaign is not null;"
    + "create index on acts ((details ->> 'rule'), place) where wire = 'fanfare.rule.published.v1';"
    + "create index on acts ((details ->> 'award')) where campaign is not null and details ->> 'award' is not null;"
    + "create index on acts ((details ->> 'draw')) where campaign is not null and details ->> 'draw' is not null;"
    + "create index on acts ((details ->> 'circle')) where campaign is not null and details ->> 'circle' is not null;"
    + "create index on acts ((details ->> 'reward')) where campaign is not null and details ->> 'reward' is not null;",
    on={AwardGranted: _note_titles, AwardRevoked: _note_titles, PowerGranted: _note_powers, PowerEnded: _note_powers}
    | dict.fromkeys(
        (
            campaigns.CampaignPublished,
            *RoundEvent.__args__,
            ideas.IdeaRaised,
            ideas.IdeaEdited,
            ideas.IdeaWithdrawn,
            ideas.IdeaSupported,
            ideas.SupportWithdrawn,
            ideas.CommentMade,
            members.TookPart,
            TextRemoved,
            IdeaAnswered,
            ContentHidden,
            ContentShown,
            *RecognitionEvent.__args__,
            *DrawEvent.__args__,
            *CircleEvent.__args__,
            BriefShared,
            # What fans do with an offer is not told here: who got something is named where she wishes it.
            NewcomerBrought,
            NewcomerWelcomed,
            RewardAdded,
            StockSet,
            RewardClosed,
            RewardOffered,
            OfferWithdrawn,
        ),
        _note,
    ),
)


class Act(msgspec.Struct, frozen=True):
    """A line of the timeline."""

    place: int
    offset: int
    index: int
    event_id: str
    wire: str
    at: datetime
    kind: str
    campaign: str | None
    round: str | None
    idea: str | None
    member: str | None
    details: dict[str, Any]
    name: str
    """Who did it, as she is called today; empty for the clock and for those who left."""
    idea_title: str
    text: str
    """The reason or the comment, where there is one."""


_ALL_KINDS: LiteralString = "select * from timeline.acts where kind = any(%(kinds)s) and place < %(before)s"
_EACH_KIND: LiteralString = """select newest.* from unnest(%(kinds)s::text[]) as wanted cross join lateral
    (select * from timeline.acts where kind = wanted and place < %(before)s"""
_EACH_MEMBER: LiteralString = """select newest.* from unnest(%(members)s::text[]) as wanted cross join lateral
    (select * from timeline.acts where acts.member = wanted and kind = any(%(kinds)s) and place < %(before)s"""
_EACH_WIRE: LiteralString = """select newest.* from unnest(%(wires)s::text[]) as wanted cross join lateral
    (select * from timeline.acts where wire = wanted and kind = 'decision' and place < %(before)s
        and (member is not null or not wire = any(%(by_clock)s))"""
_NEWEST: LiteralString = " order by place desc limit %(limit)s) as newest order by place desc limit %(limit)s"
_WORDED: LiteralString = """
    select found.place, "offset", index, event_id, wire, at, kind, found.campaign, found.round, found.idea, found.member, details,
           coalesce(members.name, ''), coalesce(title.text, case when hidden then 'an idea that is hidden' else '' end),
               coalesce(words.text, '')
      from found left join vault.members on members.id = found.member
      left join ideas.ideas on ideas.idea = found.idea left join ideas.versions on versions.idea = ideas.idea
           and versions.version = ideas.version
      left join record.texts as title on title.hash = versions.title and not hidden
      left join record.texts as words on words.hash = coalesce(details ->> 'reason', details ->> 'text')
           and not exists (select from moderation.veiled where veiled.hash = words.hash)
     order by found.place desc
"""


def _selected(kinds: Sequence[str], *, is_of_campaign: bool, is_of_round: bool, each: bool, but: Sequence[str]) -> LiteralString:
    wanted: LiteralString = ""
    if is_of_campaign:
        wanted += " and campaign = %(campaign)s"
    if is_of_round:
        wanted += " and round = %(round)s"
    if but:
        wanted += " and member <> all(%(but)s)"
    if each:
        return _EACH_MEMBER + wanted + _NEWEST
    if (is_of_campaign or is_of_round) and len(kinds) < len(KINDS):
        return _EACH_KIND + wanted + _NEWEST  # a kind that is rare among many others is found without reading those
    return _ALL_KINDS + wanted + " order by place desc limit %(limit)s"


async def decisions(
    connection: AsyncConnection, wires: Sequence[str], *, by_clock: Sequence[str] = (), before: int | None = None, limit: int = 50
) -> list[Act]:
    """
    Return decisions under these wire names in all campaigns and beside them, the latest first.

    Args:
        by_clock: of these only what a person did.
        before: the ``place`` of the last line of the page before.
    """
    values = {"wires": list(wires), "by_clock": list(by_clock), "before": before or 2**62, "limit": limit}
    query = f"with found as ({_EACH_WIRE + _NEWEST})" + _WORDED
    return [Act(*row) for row in await (await connection.execute(query, values)).fetchall()]


async def acts(
    connection: AsyncConnection,
    *,
    campaign: str | None = None,
    round_id: str | None = None,
    members: Sequence[str] | None = None,
    but: Sequence[str] = (),
    kinds: Sequence[str] = KINDS,
    before: int | None = None,
    limit: int = 50,
) -> list[Act]:
    """
    Return lines of the timeline, the latest first.

    Args:
        campaign: only this campaign's.
        round_id: only what was done in this round.
        members: only what these did; they are few, such as the hosts or one fan.
        but: nothing that these did, and nothing of the clock.
        kinds: a choice from KINDS.
        before: the ``place`` of the last line of the page before.
    """
    found = _selected(
        kinds, is_of_campaign=campaign is not None, is_of_round=round_id is not None, each=members is not None, but=but
    )
    values: dict[str, Any] = {
        "campaign": campaign,
        "round": round_id,
        "members": list(members or ()),
        "but": list(but),
        "kinds": list(kinds),
    }
    values |= {"before": before or 2**62, "limit": limit}
    return [Act(*row) for row in await (await connection.execute(f"with found as ({found})" + _WORDED, values)).fetchall()]
