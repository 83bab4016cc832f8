"""
The clockwork: opens what is due, closes it through markers, seals it, and credits who took part.

It keeps nothing of its own. Each run looks at what the record says and does the next step that is missing, under ids that
follow from the step, so it may crash anywhere and be started twice: the next run finishes, and what was appended twice counts
once.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import CLOCK_BOOTTIME, clock_gettime, monotonic

import structlog

from fanfare.campaigns import decide
from fanfare.campaigns.inputs import options_for
from fanfare.campaigns.refusals import InputNotReady, NoOptions
from fanfare.campaigns.sealing import seal
from fanfare.campaigns.service import ballot_partitions
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.refusals import Refusal
from fanfare.record.ballots import BallotsClosed
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.envelope import derived_id
from fanfare.record.kinds import Event
from fanfare.reports.report import report_digest
from fanfare.views import standings

_log = structlog.get_logger()
TOO_LATE = timedelta(minutes=10)
"""A due command that is later than this waits for a host: the site was down, or its clock jumped."""
JUMP = timedelta(minutes=1)
"""A clock that moved this much otherwise than time did has jumped: whatever became due by that waits for a host."""
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
        self._reading: tuple[float, datetime] | None = None
        """This machine's ticks and the database's time at the last run."""
        self._gone_over: list[tuple[datetime, datetime]] = []
        """Times that the database's clock jumped over: from after the first to the second of each."""

    async def run(self) -> None:
        """Do the next missing step of every round."""
        await self._desk.catch_up()
        now = await self._now()
        self._look_for_a_jump(now)
        for campaign in list(self._desk.streams.campaigns.values()):
            for each in campaign.rounds:
                try:
                    await self._step(campaign, each, now)
                except Refusal as refusal:
                    _log.info("step refused", round=each.id, code=refusal.code)

    async def _now(self) -> datetime:
        async with self._desk.pool.connection() as connection:
            row = await (await connection.execute("select clock_timestamp()")).fetchone()
        time: datetime = row[0] if row else datetime.now(UTC)
        return time

    def _look_for_a_jump(self, now: datetime) -> None:
        """Note where the database's clock moved otherwise than time did since the last run, by more than a minute."""
        ticks = clock_gettime(CLOCK_BOOTTIME)  # it goes on while the machine sleeps: waking up is being late, not a jump
        before, self._reading = self._reading, (ticks, now)
        if before is None:
            return
        expected = before[1] + timedelta(seconds=ticks - before[0])
        if abs(now - expected) > JUMP:
            _log.warning("the clock jumped; what was due in between waits for a host", by_s=int((now - expected).total_seconds()))
            self._gone_over = [each for each in self._gone_over if each[1] <= now]  # a jump back undoes one ahead
            if now > expected:
                self._gone_over.append((expected, now))

    def _is_due(self, due: datetime, now: datetime) -> bool:
        return due <= now <= due + TOO_LATE and not any(start < due <= end for start, end in self._gone_over)

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
        if not self._is_due(due, now):
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
        if due is not None and self._is_due(due, now):
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
