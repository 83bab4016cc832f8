"""Campaigns: drafts, publishing, and what a host decides about a round."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from fanfare.campaigns import decide
from fanfare.campaigns.drafts import DraftCampaign, DraftRound, ask, plan, publication, round_id, round_words
from fanfare.campaigns.inputs import options_for
from fanfare.campaigns.refusals import CampaignNotFound, DraftChanged, DraftNotFound, RoundNotFound
from fanfare.platform import requests, texts, warrants
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.campaigns import Campaign, Round, RoundPlanned
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event, digest
from fanfare.record.terms import RoundPlan, circle_of
from fanfare.reports import quarantined

Choose = Callable[[Campaign], list[Event]]


class Campaigns:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Decide through *desk*."""
        self._desk = desk

    async def campaign(self, campaign_id: str) -> Campaign:
        """Return a campaign as it stands. Raises: CampaignNotFound."""
        await self._desk.catch_up()
        found = self._desk.streams.campaigns.get(campaign_id)
        if found is None or not found.id:
            raise CampaignNotFound
        return found

    async def round(self, round_id: str) -> tuple[Campaign, Round]:
        """Return a round with its campaign, as they stand. Raises: RoundNotFound."""
        await self._desk.catch_up()
        found = self._desk.streams.round(round_id)
        if found is None:
            raise RoundNotFound
        return found

    async def save_draft(
        self, draft_id: str | None, version: int, draft: DraftCampaign, by: str, key: str = ""
    ) -> tuple[str, int]:
        """
        Keep a draft and return its id and version; *version* is the one it was read in, 0 for a new one.

        Args:
            key: of the request that begins a draft; with the same one again the draft that it began is saved once more.

        Raises:
            DraftNotFound, DraftChanged: somebody else saved it in between.
        """
        body = Jsonb(draft.model_dump(mode="json"))
        async with self._desk.pool.connection() as connection:
            if draft_id is None:
                draft_id = digest(f"{by} {key}".encode())[:16] if key else secrets.token_hex(8)
                query = """insert into desk.drafts (id, body, version, by_member, changed_by) values (%s, %s, 1, %s, %s)
                            on conflict do nothing"""
                if (await connection.execute(query, (draft_id, body, by, by))).rowcount:
                    return draft_id, 1
                version = 1
            query = """update desk.drafts set body = %s, version = version + 1, changed_at = now(), changed_by = %s
                        where id = %s and version = %s returning version"""
            row = await (await connection.execute(query, (body, by, draft_id, version))).fetchone()
            if row is None:
                await self._draft(connection, draft_id)
                raise DraftChanged
            return draft_id, row[0]

    async def _draft(self, connection: AsyncConnection, draft_id: str) -> tuple[DraftCampaign, int]:
        row = await (await connection.execute("select body, version from desk.drafts where id = %s", (draft_id,))).fetchone()
        if row is None:
            raise DraftNotFound
        try:
            return DraftCampaign.model_validate(row[0]), row[1]
        except ValidationError as error:  # a draft of an older version of Fanfare
            message = _("This draft was made by another version and cannot be read any more. Begin a new one.")
            raise DraftNotFound(message) from error

    async def draft(self, draft_id: str) -> tuple[DraftCampaign, int]:
        """Return a draft and its version. Raises: DraftNotFound."""
        async with self._desk.pool.connection() as connection:
            return await self._draft(connection, draft_id)

    async def saved_last_by(self, draft_id: str) -> str:
        """Return who saved a draft last, as she is called today; empty where she left."""
        query = "select name from desk.drafts join vault.members on members.id = changed_by where drafts.id = %s"
        async with self._desk.pool.connection() as connection:
            row = await (await connection.execute(query, (draft_id,))).fetchone()
        return str(row[0]) if row else ""

    async def drafts(self) -> list[tuple[str, DraftCampaign]]:
        """Return all drafts, the latest first."""
        async with self._desk.pool.connection() as connection:
            rows = await (
                await connection.execute("select id, body from desk.drafts order by changed_at desc limit 100")
            ).fetchall()
        return [(row[0], DraftCampaign.model_validate(row[1])) for row in rows]

    async def discard(self, draft_id: str) -> None:
        """Throw a draft away. Raises: DraftNotFound."""
        async with self._desk.pool.connection() as connection:
            row = await (await connection.execute("delete from desk.drafts where id = %s returning id", (draft_id,))).fetchone()
        if row is None:
            raise DraftNotFound

    async def publish(self, draft_id: str, asked: Asked) -> tuple[str, Acknowledged]:
        """
        Make a draft public and return the campaign's id.

        A crash after the decision leaves the draft beside the campaign; publishing it again says that it is public.

        Raises:
            DraftNotFound, TextRefused, PlanRefused, CampaignIsPublic, Overtaken, KeyReused, Busy.
        """
        campaign_id = draft_id
        if done := await requests.earlier(self._desk.pool, asked):
            return campaign_id, done
        try:
            draft, __ = await self.draft(draft_id)
        except DraftNotFound:  # another press of the same button was first, and threw the draft away
            await self._desk.catch_up()
            if done := self._desk.taken(asked):
                return campaign_id, done
            raise
        hashes = await self._keep(draft.words(), draft.rounds, asked)
        published, rounds = publication(campaign_id, draft, hashes, asked.actor)
        await self._check_circles([each.plan for each in rounds])
        done = await self._decide(campaign_id, asked, lambda state: decide.publish(state, published, rounds))
        with suppress(DraftNotFound):
            await self.discard(draft_id)
        return campaign_id, done

    async def plan_round(self, campaign_id: str, number: int | None, draft: DraftRound, asked: Asked) -> tuple[str, Acknowledged]:
        """
        Add a round to a public campaign, or replace the plan of one that has not opened, and return its id.

        Args:
            number: of the round to replace, from 1; none adds one.

        Raises:
            CampaignNotFound, RoundNotFound, RoundNotPlanned, TextRefused, PlanRefused, Overtaken, KeyReused, Busy.
        """
        campaign = await self.campaign(campaign_id)
        if number is not None and not 1 <= number <= len(campaign.rounds):
            raise RoundNotFound
        target = campaign.rounds[number - 1].id if number else round_id(campaign_id, len(campaign.rounds) + 1)
        if done := await requests.earlier(self._desk.pool, asked):
            return target, done
        hashes = await self._keep(round_words(draft), [draft], asked)
        planned = RoundPlanned(
            campaign=campaign_id,
            round=target,
            plan=plan(draft, hashes, [each.id for each in campaign.rounds]),
            by=asked.actor,
        )
        await self._check_circles([planned.plan])
        return target, await self._decide(campaign_id, asked, lambda state: decide.plan_round(state, planned))

    async def _check_circles(self, plans: Sequence[RoundPlan]) -> None:
        """Refuse a circle that is not there. One that is closed right behind this harms nobody: nobody belongs to it."""
        if any(circle_of(each.electorate) for each in plans):
            await self._desk.catch_up()
            decide.check_circles(plans, self._desk.streams.circles)

    async def open(self, found: tuple[Campaign, Round], asked: Asked) -> Acknowledged:
        """Open a round now. Raises: RoundNotPlanned, InputNotReady, NoOptions, Overtaken, KeyReused, Busy."""
        campaign, of = found
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        if of.status != "planned":
            decide.open_round(campaign, of.id, [], [])
        offered = await options_for(self._desk, campaign, of)
        partitions, moment = ballot_partitions(self._desk), await self._desk.log.heads()
        return await self._decide(
            campaign.id,
            asked,
            lambda state: decide.open_round(
                state, of.id, offered.options, partitions, read_to=offered.read_to, moment=moment, by=asked.actor
            ),
        )

    async def close(self, found: tuple[Campaign, Round], asked: Asked) -> Acknowledged:
        """Close a round now. Raises: RoundNotOpen, Overtaken, KeyReused, Busy."""
        campaign, of = found
        return await self._asked(campaign.id, asked, lambda state: decide.begin_closing(state, of.id, by=asked.actor))

    async def pause(self, found: tuple[Campaign, Round], asked: Asked, reason: str) -> Acknowledged:
        """Pause a round. Raises: TextRefused, RoundNotOpen, RoundPausedNow, Overtaken, KeyReused, Busy."""
        campaign, of = found
        because = await self._reason(reason, asked)
        return await self._asked(campaign.id, asked, lambda state: decide.pause_round(state, of.id, because, asked.actor))

    async def resume(self, found: tuple[Campaign, Round], asked: Asked) -> Acknowledged:
        """Resume a round. Raises: RoundNotOpen, RoundNotPaused, Overtaken, KeyReused, Busy."""
        campaign, of = found
        return await self._asked(campaign.id, asked, lambda state: decide.resume_round(state, of.id, asked.actor))

    async def extend(self, found: tuple[Campaign, Round], asked: Asked, closes_at: datetime, reason: str) -> Acknowledged:
        """Move a close to a later time. Raises: TextRefused, RoundNotOpen, PlanRefused, Overtaken, KeyReused, Busy."""
        campaign, of = found
        because, to = await self._reason(reason, asked), closes_at.replace(microsecond=0)
        return await self._asked(
            campaign.id, asked, lambda state: decide.extend_round(state, of.id, to, because, asked.actor, self._desk.now)
        )

    async def void(self, found: tuple[Campaign, Round], asked: Asked, reason: str) -> Acknowledged:
        """Give a round up. Raises: TextRefused, RoundHasEnded, Overtaken, KeyReused, Busy."""
        campaign, of = found
        because = await self._reason(reason, asked)
        return await self._asked(campaign.id, asked, lambda state: decide.void_round(state, of.id, because, asked.actor))

    async def reword(self, found: tuple[Campaign, Round], asked: Asked, draft: DraftRound, reason: str) -> Acknowledged:
        """Amend the wording of an open round. Raises: TextRefused, RoundNotOpen, Overtaken, KeyReused, Busy."""
        campaign, of = found
        because = await self._reason(reason, asked)
        hashes = await self._keep(round_words(draft), [draft], asked)
        words = ask(draft, hashes)
        return await self._asked(campaign.id, asked, lambda state: decide.reword_round(state, of.id, words, because, asked.actor))

    async def rule(self, found: tuple[Campaign, Round], asked: Asked, chosen: Sequence[str], reason: str) -> Acknowledged:
        """
        Rule that a round goes on without the events at the positions *chosen*, which cannot be read.

        Raises:
            TextRefused, NothingToRule, RulingRefused, Overtaken, KeyReused, Busy.
        """
        campaign, of = found
        because = await self._reason(reason, asked)
        async with self._desk.pool.connection() as connection:
            waiting = await quarantined.waiting(connection, of)
        return await self._asked(
            campaign.id, asked, lambda state: decide.rule_on_unreadable(state, of.id, waiting, chosen, because, asked.actor)
        )

    async def _reason(self, reason: str, asked: Asked) -> str:
        reason = texts.checked(reason, marked("reason"), texts.LINE)
        return (await self._keep([reason], [], asked))[reason]

    async def _keep(self, words: Sequence[str], rounds: Sequence[DraftRound], asked: Asked) -> dict[str, str]:
        """Keep words of a campaign: they are the brand's and stay when their author leaves. Who asks is a name, and goes."""
        names = {texts.checked(each.asked_by, marked("asked by"), texts.LINE) for each in rounds}
        async with self._desk.pool.connection() as connection:
            hashes = await texts.keep(connection, [each for each in words if each not in names], None)
            return {**hashes, **await texts.keep(connection, names, asked.actor)}

    async def _asked(self, campaign_id: str, asked: Asked, choose: Choose) -> Acknowledged:
        done = await requests.earlier(self._desk.pool, asked)
        return done or await self._decide(campaign_id, asked, choose)

    async def _decide(self, campaign_id: str, asked: Asked, choose: Choose) -> Acknowledged:
        def decided(streams: Streams) -> list[Event]:
            # Asked here, too, for all that is decided about a campaign: what opened the page may have ended since.
            warrants.demand(streams, asked.actor, "host", campaign_id, self._desk.now)
            return choose(streams.campaigns.get(campaign_id, Campaign()))

        done = await self._desk.decide(campaign_id, asked, decided)
        return await requests.finished(self._desk.pool, asked, done)


def ballot_partitions(desk: Desk) -> Sequence[int]:
    """Return the partitions that a round opened now lists: all but 0; a record with a single partition uses that."""
    partitions = desk.streams.site.partitions
    return range(1, partitions) if partitions > 1 else (0,)
