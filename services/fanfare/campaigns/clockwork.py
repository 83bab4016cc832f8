"""
The clockwork: opens what is due, closes it through markers, seals it, and credits who took part.

It keeps nothing of its own. Each run looks at what the record says and does the next step that is missing, under ids that
follow from the step, so it may crash anywhere and be started twice: the next run finishes, and what was appended twice counts
once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic

import structlog

from fanfare.campaigns import decide
from fanfare.campaigns.inputs import options_for
from fanfare.campaigns.refusals import InputNotReady, NoOptions
from fanfare.campaigns.sealing import seal
from fanfare.campaigns.service import ballot_partitions
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.refusals import Refusal
from fanfare.platform.timekeeping import Timekeeper
from fanfare.record.ballots import BallotsClosed
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.envelope import derived_id
from fanfare.record.kinds import Event
from fanfare.reports.report import report_digest
from fanfare.views import standings

_log = structlog.get_logger()
SETTLE_S = 1.0
"""How long ballots that were admitted before the close may take to be appended. The API stops admitting at the close."""
Credit = Callable[[Desk, Round], Awaitable[bool]]
"""Writes who took part in a round, and tells whether nothing is missing."""


class Clockwork:
    """Owned by one event loop. Several may run at once: contested decisions are taken once."""

    def __init__(self, desk: Desk, credit: Credit, settle_s: float = SETTLE_S) -> None:
        """Act through *desk*; *credit* writes who took part in a sealed round."""
        self._desk = desk
        self._settle_s = settle_s
        self._credit_voters = credit
        self._closing_since: dict[str, float] = {}
        self._credited: set[str] = set()
        self._time = Timekeeper()

    async def run(self) -> None:
        """Do the next missing step of every round."""
        await self._desk.catch_up()
        now = await self._time.read(self._desk)
        for campaign in list(self._desk.streams.campaigns.values()):
            for each in campaign.rounds:
                try:
                    await self._step(campaign, each, now)
                except Refusal as refusal:
                    _log.info("step refused", round=each.id, code=refusal.code)

    async def _step(self, campaign: Campaign, found: Round, now: datetime) -> None:
        steps: dict[str, Callable[[Campaign, Round, datetime], Awaitable[None]]] = {
            "planned": self._open,
            "open": self._close,
            "closing": self._mark,
            "closed": self._seal,
            "sealed": self._credit,
        }
        if step := steps.get(found.status):
            await step(campaign, found, now)

    async def _open(self, campaign: Campaign, found: Round, now: datetime) -> None:
        due = found.plan.opens_at
        if not self._time.is_due(due, now):
            return
        try:
            offered = await options_for(self._desk, campaign, found)
            partitions, moment = ballot_partitions(self._desk), await self._desk.log.heads()
            await self._decide(
                campaign,
                f"open {due.isoformat()}",
                found,
                lambda state: decide.open_round(
                    state, found.id, offered.options, partitions, read_to=offered.read_to, moment=moment, set_for=due
                ),
            )
        except (InputNotReady, NoOptions):
            return  # it opens as soon as the earlier round is sealed; with no options, a host has to plan it anew

    async def _close(self, campaign: Campaign, found: Round, now: datetime) -> None:
        due = found.closes_at
        if due is not None and self._time.is_due(due, now):
            await self._decide(
                campaign, f"close {due.isoformat()}", found, lambda state: decide.begin_closing(state, found.id, set_for=due)
            )

    async def _mark(self, campaign: Campaign, found: Round, now: datetime) -> None:
        """Append the markers once what was pending is settled, and close when all were read back."""
        del now
        since = self._closing_since.setdefault(found.id, monotonic())
        if found.terms is None or (found.terms.partitions and monotonic() < since + self._settle_s):
            return
        async with self._desk.pool.connection() as connection:
            marked = await standings.closed_partitions(connection, found.id)
        missing = [each for each in found.terms.partitions if each not in marked]
        for partition in missing:  # a marker that is appended again changes nothing: the first one counts
            marker = derived_id("marker", found.terms_hash, str(partition))
            await self._desk.emit([marker], [BallotsClosed(terms=found.terms_hash)], found.id, partition)
        if not missing:
            await self._decide(campaign, "closed", found, lambda state: decide.finish_closing(state, found.id, marked))

    async def _seal(self, campaign: Campaign, found: Round, now: datetime) -> None:
        del now
        if report := await seal(self._desk, campaign, found):
            digest, unread = report_digest(report), report.unread
            await self._decide(
                campaign,
                f"seal {digest}",
                found,
                lambda state: decide.seal_round(state, found.id, report.moment, digest, unread),
            )

    async def _credit(self, campaign: Campaign, found: Round, now: datetime) -> None:
        del campaign, now
        if found.id not in self._credited and await self._credit_voters(self._desk, found):
            self._credited.add(found.id)

    async def _decide(self, campaign: Campaign, command: str, found: Round, choose: Callable[[Campaign], list[Event]]) -> None:
        asked = Asked(actor="clockwork", command=command, target=found.id, key="")
        await self._desk.decide(campaign.id, asked, lambda streams: choose(streams.campaigns.get(campaign.id, Campaign())))
