"""The timeline: every public decision of hosts and fans, and so what each member contributed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.record import campaigns, ideas, members
from fanfare.record.campaigns import RoundEvent, RoundOpened
from fanfare.record.envelope import Recorded
from fanfare.record.kinds import Event, canonical
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
create index on acts (member, place desc);
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
    return recorded.decision.stream if recorded.decision else getattr(recorded.event, "campaign", None)


async def _note(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    # An event that tells its idea or round alone gets the campaign from the act that first named them.
    await connection.execute(
        """with new as (
               select * from unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::text[], %s::timestamptz[],
                      %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
                      as rows (place, at_offset, index, event_id, wire, at, kind, campaign, round, idea, member, details))
           insert into acts (place, "offset", index, event_id, wire, at, kind, campaign, round, idea, member, details)
           select place, at_offset, index, event_id, wire, at, kind,
                  coalesce(campaign,
                           (select acts.campaign from acts where acts.idea = new.idea and acts.campaign is not null limit 1),
                           (select acts.campaign from acts where acts.round = new.round and acts.campaign is not null limit 1)),
                  round, idea, member, details
             from new order by place
           on conflict (event_id) do nothing""",
        columns([_row(each) for each in seen]),
    )


TIMELINE = Projection(
    name="timeline",
    version=2,
    schema=SCHEMA
    + "create index on acts (idea) where campaign is not null; create index on acts (round) where campaign is not null;",
    on=dict.fromkeys(
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


async def acts(
    connection: AsyncConnection,
    *,
    campaign: str | None = None,
    member: str | None = None,
    kinds: Sequence[str] = KINDS,
    before: int | None = None,
    limit: int = 50,
) -> list[Act]:
    """
    Return lines of the timeline, the latest first.

    Args:
        campaign: only this campaign's.
        member: only what this member did.
        kinds: a choice from KINDS.
        before: the ``place`` of the last line of the page before.
    """
    query = """
        select acts.place, "offset", index, event_id, wire, at, kind, acts.campaign, acts.round, acts.idea, acts.member, details,
               coalesce(members.name, ''), coalesce(title.text, ''), coalesce(words.text, '')
          from timeline.acts left join vault.members on members.id = acts.member
          left join ideas.ideas on ideas.idea = acts.idea left join ideas.versions on versions.idea = ideas.idea
               and versions.version = ideas.version
          left join record.texts as title on title.hash = versions.title
          left join record.texts as words on words.hash = coalesce(details ->> 'reason', details ->> 'text')
         where (%(campaign)s::text is null or acts.campaign = %(campaign)s)
           and (%(member)s::text is null or acts.member = %(member)s)
           and kind = any(%(kinds)s) and acts.place < %(before)s
         order by acts.place desc limit %(limit)s
    """
    values = {"campaign": campaign, "member": member, "kinds": list(kinds), "before": before or 2**62, "limit": limit}
    return [Act(*row) for row in await (await connection.execute(query, values)).fetchall()]
