"""Live pages: one reader of a campaign in this process, one rendered frame, one latest-wins slot for each who watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Protocol, assert_never

import msgspec
import structlog
from fastapi import APIRouter, Header, Query, Request
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from sse_starlette import EventSourceResponse, ServerSentEvent

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform import language
from fanfare.platform.desk import Desk
from fanfare.record.kinds import digest
from fanfare.web import words
from fanfare.web.contexts.campaigns import Board, Tape
from fanfare.web.contexts.shell import Shell
from fanfare.web.layout import render_partial
from fanfare.web.pages.campaign import present_board, state_of, told, zone_of
from fanfare.web.pages.tape import latest
from fanfare.web.shells import brand_of, in_words

router = APIRouter()
_log = structlog.get_logger()
APART_S, IDLE_S = 0.5, 1.0
"""Frames come this far apart; where nothing seems to change it is looked up all the same after so long."""
_EACH_S = 0.001
"""Where many watch in this process they come further apart by so much for each, who all have to be written to."""
_FRESH = timedelta(seconds=5)
BEAT_S = 10.0
"""Where nothing changes, watchers are told so this often: a line that stays silent for longer is dead."""


class Changes(Protocol):
    """Whatever wakes readers when the figures may have changed."""

    async def changed(self, timeout_s: float) -> None:
        """Return when a projection has applied something, or after *timeout_s*."""


class Frame(msgspec.Struct, frozen=True):
    """What a live page shows: the same for everybody."""

    state: str
    board_mark: str = ""
    """Another one whenever the figures are others, here or in any process; empty while there is no board."""
    tape_mark: str = ""
    board: str = ""
    tape: str = ""

    @property
    def id(self) -> str:
        """What whoever comes back has seen."""
        return f"{self.board_mark}.{self.tape_mark}"


def apart_s(watching: int) -> float:
    """Return how far apart frames come where so many watch, in seconds; never so far that one is not shown for its age."""
    return min(max(APART_S, _EACH_S * watching), _FRESH.total_seconds() / 2)


class Live:
    """Reads one campaign for all who watch it in this process. Owned by one event loop; runs while somebody watches."""

    def __init__(self, desk: Desk, changes: Changes, campaign_id: str) -> None:
        """Read through *desk* when *changes* says so."""
        self._desk = desk
        self._changes = changes
        self._campaign_id = campaign_id
        self._slots: set[asyncio.Event] = set()
        self._reading: asyncio.Task[None] | None = None
        self._frame: Frame | None = None
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._beat = b""
        """Says when that was; encoded once for all who watch."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody watches, so that nothing is read."""
        return not self._slots and self._reading is None

    async def watch(self, state: str, after: str = "") -> AsyncIterator[bytes]:
        """
        Yield what changed, the latest only, beginning at once with the present frame; where nothing does, that it was looked up.

        Args:
            state: of the rounds, as the page that watches shows it; where it is another by now, the page is told first.
            after: the id of the last event that it has seen, where it comes back.
        """
        slot = asyncio.Event()
        self._slots.add(slot)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(lambda _: self._wake())
        elif self._frame:
            slot.set()
        board_mark, _, tape_mark = after.partition(".")
        sent = Frame(state, board_mark, tape_mark)
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await slot.wait()
                slot.clear()
                if self._reading.done():  # it failed: the stream ends, and the browser comes back
                    return
                if self._frame is None or datetime.now(UTC) - self._read_at > _FRESH:
                    continue  # nothing is known now; who hears nothing knows that
                yield changes(sent, self._frame) + self._beat
                sent = self._frame
        finally:
            self._slots.discard(slot)
            if not self._slots:
                self._reading.cancel()
                self._reading = self._frame = None

    def _wake(self) -> None:
        for slot in self._slots:
            slot.set()

    async def _read(self) -> None:
        while True:
            woken = asyncio.create_task(self._changes.changed(IDLE_S))
            try:
                frame = await self._render()
                self._read_at = datetime.now(UTC)
                self._beat = beat(self._read_at, zone_of(self._desk))
                if frame != self._frame:
                    self._frame = frame
                    self._wake()
            except (OperationalError, PoolTimeout) as error:
                _log.warning("a live page waits for the database", error=type(error).__name__)
            await asyncio.gather(asyncio.sleep(apart_s(len(self._slots))), woken)

    async def _render(self) -> Frame:
        desk = self._desk
        campaign = desk.streams.campaigns[self._campaign_id]
        async with desk.pool.connection() as connection:
            read = await in_words(connection, campaign)
            board = await present_board(connection, campaign, read)
        tape = await latest(desk, told(desk, read))
        shell = Shell(site_name=await brand_of(desk), now=datetime.now(UTC), zone=zone_of(desk), csrf="")
        was = self._frame or Frame("")
        frame = Frame(state_of(campaign), _mark(board), _mark(tape), was.board, was.tape)
        if frame.board_mark != was.board_mark:
            frame = msgspec.structs.replace(frame, board=render_partial("board", shell, board=board) if board else "")
        if frame.tape_mark != was.tape_mark:
            frame = msgspec.structs.replace(frame, tape=render_partial("tape", shell, tape=tape))
        return frame


def _mark(shown: Board | Tape | None) -> str:
    """Return a mark of what is news in it; the time of the count is none."""
    match shown:
        case Board():
            return digest(repr((shown.round, shown.rows, shown.ballots)).encode())[:12]
        case Tape():
            return digest(repr(shown).encode())[:12]
        case None:
            return ""
        case _:
            assert_never(shown)


@lru_cache(maxsize=32)
def changes(sent: Frame, frame: Frame) -> bytes:
    """Return the events that lead from one frame to another, as they are sent; encoded once for all who watch."""
    found: list[ServerSentEvent] = []
    if frame.state != sent.state:
        found.append(ServerSentEvent(frame.state, event="page"))
    if frame.board and frame.board_mark != sent.board_mark:
        found.append(ServerSentEvent(frame.board, event="board"))
    if frame.tape_mark != sent.tape_mark:
        found.append(ServerSentEvent(frame.tape, event="tape"))
    if found:
        found[-1].id = frame.id  # of the last one: whoever lost the line between two of them gets both again
    return b"".join(each.encode() for each in found)


def beat(at: datetime, zone: str) -> bytes:
    """Return the event that says when the figures were looked up last: the moment, and the site's clock."""
    return ServerSentEvent(f"{at.isoformat(timespec='seconds')} {words.clock(at, zone, seconds=True)}", event="beat").encode()


@router.get("/campaigns/{campaign_id}/live")
async def live(
    campaign_id: Id,
    request: Request,
    campaigns: TheCampaigns,
    state: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> EventSourceResponse:
    """
    Send the board and the tape of a campaign as they change, twice a second or, where many watch, less often.

    Who comes back gets what changed meanwhile.

    A script that opens a new stream says by *after* what it saw last; a browser that comes back by itself sends the header.
    """
    campaign = await campaigns.campaign(campaign_id)
    app = request.app.state
    if not hasattr(app, "live"):
        app.live = {}
    readers: dict[tuple[str, str], Live] = app.live
    reader = readers.setdefault((campaign_id, language.tag()), Live(app.desk, app.waiting, campaign_id))
    seen = after or last_event_id
    headers = {"X-Content-Type-Options": "nosniff"}
    return EventSourceResponse(reader.watch(state or state_of(campaign), seen), headers=headers, ping=15)
