"""The SQL counter: the same figures as the pure fold, by set algebra over the rows. It shares no counting code with it."""

from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.campaigns import Campaign, Round
from fanfare.record.position import Moment
from fanfare.record.terms import circle_of
from fanfare.reports import quarantined
from fanfare.reports.report import (
    Activity,
    Ballots,
    CampaignReport,
    DecisionTaken,
    Figures,
    Origin,
    RoundLine,
    RoundReport,
    Turnout,
    round_cut,
    round_report,
)

# A ballot is astray where its voter's token does not lead to its partition: the first 32 bits of SHA-256(token), mod how many
# there are.
CLASSED: LiteralString = """
    with rules as (select * from counted.terms where hash = %(terms)s),
    classed as (
        select voter, number, options, minute,
               case when astray or not valid then 'void' when late then 'late' else 'in time' end as class
          from (select ballots.voter, ballots.number, ballots.options, ballots.minute,
                       ballots.partition is distinct from rules.partitions[1 +
                           ('x' || left(encode(sha256(decode(ballots.voter, 'hex')), 'hex'), 8))::bit(32)::bigint
                           %% nullif(cardinality(rules.partitions), 0)] as astray,
                       cardinality(ballots.options) between 1 and rules.most and ballots.options <@ rules.options
                           and (rules.method = 'approval.v1' or cardinality(ballots.options) = 1)
                           and ballots.options = (select array_agg(distinct each order by each) from
                                                  (select each collate "C" from unnest(ballots.options) as each)) as valid,
                       (ballots."offset", ballots.index) > (markers."offset", markers.index) as late
                  from counted.ballots cross join rules
                  left join counted.markers on markers.terms = ballots.terms and markers.partition = ballots.partition
                 where ballots.terms = %(terms)s) as judged),
    counting as (
        select distinct on (voter) voter, options from classed where class = 'in time' order by voter, number desc)
"""
BALLOTS: LiteralString = (
    CLASSED
    + """
    select count(*), (select count(*) from counting),
           count(*) filter (where class = 'late'), count(*) filter (where class = 'void')
      from classed
"""
)
VOTES: LiteralString = CLASSED + "select option, count(*) from counting, unnest(options) as option group by option"
TURNOUT: LiteralString = CLASSED + "select minute, count(*) from classed group by minute order by minute"

PRESSED: LiteralString = """
    with classed as (
        select support.*,
               case when void then 'void' when support.at > rounds.closing_at then 'late' else 'in time' end as class
          from counted.support join counted.ideas using (idea) left join counted.rounds on rounds.round = ideas.round
         where ideas.round = %(round)s),
    counting as (
        select idea, by_member from (
            select distinct on (idea, by_member) idea, by_member, supports from classed where class = 'in time'
             order by idea, by_member, number desc) as latest
         where supports)
"""
PRESSES: LiteralString = (
    PRESSED
    + """
    select count(*), (select count(*) from counting),
           count(*) filter (where class = 'late'), count(*) filter (where class = 'void')
      from classed
"""
)
SUPPORTERS: LiteralString = PRESSED + "select idea, count(*) from counting group by idea"
PRESS_TURNOUT: LiteralString = PRESSED + "select minute, count(*) from classed group by minute order by minute"
# Whether there are so many: it looks at no more of them than that.
MANY_BALLOTS: LiteralString = """
    select count(*) >= %(many)s from (select from counted.ballots where terms = %(terms)s limit %(many)s) as looked_at
"""
MANY_PRESSES: LiteralString = """
    select count(*) >= %(many)s
      from (select from counted.support join counted.ideas using (idea) where ideas.round = %(round)s limit %(many)s) as looked_at
"""
ENTERED: LiteralString = """
    select idea from counted.ideas left join counted.rounds using (round)
     where round = %(round)s and (closing_at is null or at < closing_at)
       and (withdrawn_at is null or withdrawn_at > closing_at)
       and not coalesce((select hides from counted.veils
                          where veils.idea = ideas.idea and (closing_at is null or veils.at < closing_at)
                          order by veils.at desc limit 1), false)
     order by at
"""
ELECTORATE: LiteralString = """
    select count(*) from counted.members
     where at < coalesce((select case when %(early)s then opened_at else closing_at end
                                  from counted.rounds where round = %(round)s), 9223372036854775807)
"""
CIRCLED: LiteralString = """
    select case when exists (select from counted.circle_rounds where round = %(round)s)
                then (select count(*) from counted.could_vote where round = %(round)s)
                else (select count(distinct member) from counted.belonging where circle = %(circle)s) end
"""
ACTIVITY: LiteralString = """
    with mine as (select * from counted.ideas where campaign = %(campaign)s),
    contributed as (
        select round, by_member from counted.ideas
        union select ideas.round, comments.by_member from counted.comments join counted.ideas using (idea)
        union select ideas.round, support.by_member from counted.support join counted.ideas using (idea)
        union select round, member from counted.took_part)
    select (select count(*) from mine), (select count(*) from mine where withdrawn_at is not null),
           (select count(*) from counted.comments join mine using (idea)),
           (select count(distinct by_member) from contributed where round = any(%(rounds)s))
"""


class Counted:
    """The SQL counter, over one connection in a repeatable-read transaction, so that all figures are of one moment."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Read through *connection*."""
        self._connection = connection

    async def _rows(self, query: LiteralString, **values: object) -> list[Any]:
        return await (await self._connection.execute(query, values)).fetchall()

    async def moment(self, partitions: int) -> Moment:
        """Return how far the rows have come."""
        rows = await self._rows("select partition, next_offset from platform.positions where projection = 'counted'")
        found = dict(rows)
        return tuple(found.get(partition, 0) for partition in range(partitions))

    async def origin(self) -> Origin:
        """
        Return whose record it is.

        Raises:
            LookupError: the founding was not read yet.
        """
        rows = await self._rows("select name, simulation from counted.site")
        if not rows:
            message = "the site is not founded yet"
            raise LookupError(message)
        return Origin(*rows[0])

    async def campaign(self, campaign_id: str) -> Campaign:
        """
        Return a campaign as its decisions have made it.

        Raises:
            LookupError: there is no such campaign at this moment.
        """
        rows = await self._rows("select state from counted.campaigns where id = %(id)s", id=campaign_id)
        if not rows:
            message = f"no campaign {campaign_id}"
            raise LookupError(message)
        return msgspec.json.decode(rows[0][0], type=Campaign)

    async def receives(self, found: Round, many: int) -> bool:
        """Tell whether a round received at least so many ballots, at once however many there are."""
        supported = found.plan.method == "support.v1"
        of_round: dict[str, Any] = {"round": found.id} if supported else {"terms": found.terms_hash}
        return bool((await self._rows(MANY_PRESSES if supported else MANY_BALLOTS, **of_round, many=many))[0][0])

    async def figures(self, found: Round) -> Figures:
        """Return what the rows say about a round."""
        supported = found.plan.method == "support.v1"
        of_round: dict[str, Any] = {"round": found.id} if supported else {"terms": found.terms_hash}
        ((received, counted, late, void),) = await self._rows(PRESSES if supported else BALLOTS, **of_round)
        votes = await self._rows(SUPPORTERS if supported else VOTES, **of_round)
        turnout = await self._rows(PRESS_TURNOUT if supported else TURNOUT, **of_round)
        if supported:
            options = tuple(row[0] for row in await self._rows(ENTERED, round=found.id))
        else:
            options = tuple(option.id for option in found.terms.options) if found.terms else ()
        members = await self._electorate(found)
        decisions = await self._rows(
            'select "offset", index, wire from counted.decisions where round = %(round)s order by 1, 2', round=found.id
        )
        unread = await quarantined.of_round(self._connection, found)
        in_all = received + len(unread)
        return Figures(
            members=members,
            ballots=Ballots(in_all, counted, received - counted - late - void, late, void, len(unread)),
            turnout=tuple(Turnout(each, count) for each, count in turnout),
            options=options,
            votes=dict(votes),
            decisions=tuple(DecisionTaken(f"0:{offset}:{index}", wire) for offset, index, wire in decisions),
            unread=unread,
        )

    async def _electorate(self, found: Round) -> int:
        if circle := circle_of(found.plan.electorate):
            ((members,),) = await self._rows(CIRCLED, round=found.id, circle=circle)
        else:
            early = found.plan.electorate == "members-before-opening"
            ((members,),) = await self._rows(ELECTORATE, round=found.id, early=early)
        return int(members)

    async def round_report(self, campaign_id: str, round_id: str, partitions: int) -> RoundReport:
        """
        Return the report of a round at the moment of the transaction.

        Raises:
            LookupError: there is no such campaign or round.
        """
        campaign = await self.campaign(campaign_id)
        found = campaign.round(round_id)
        if found is None:
            message = f"no round {round_id}"
            raise LookupError(message)
        return round_report(await self.origin(), campaign, found, await self.figures(found), await self.moment(partitions))

    async def campaign_report(self, campaign_id: str, partitions: int) -> CampaignReport:
        """
        Return the report of a campaign at the moment of the transaction.

        Raises:
            LookupError: there is no such campaign.
        """
        campaign = await self.campaign(campaign_id)
        origin = await self.origin()
        rounds = [each.id for each in campaign.rounds]
        ((ideas, withdrawn, comments, contributors),) = await self._rows(ACTIVITY, campaign=campaign_id, rounds=rounds)
        ((members,),) = await self._rows("select count(*) from counted.members")
        query: LiteralString = "select taken from platform.decided where projection = 'counted' and stream = %(id)s"
        decided = await self._rows(query, id=campaign_id)
        return CampaignReport(
            site=origin.site,
            simulation=origin.simulation,
            campaign=campaign_id,
            moment=await self.moment(partitions),
            members=members,
            activity=Activity(ideas, withdrawn, comments, contributors),
            decisions=sum(row[0] for row in decided),
            rounds=tuple([await self._line(each) for each in campaign.rounds]),
        )

    async def _line(self, found: Round) -> RoundLine:
        figures = await self.figures(found)
        settled = found.status in ("closed", "sealed")
        return RoundLine(
            round=found.id,
            status=found.status,
            ballots=figures.ballots,
            advanced=round_cut(found, figures).advanced if settled else (),
            report=found.sealed.report if found.sealed else None,
        )
