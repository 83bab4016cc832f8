"""Live pages: one reader of a campaign in this process, one rendered frame, one latest-wins slot for each who watches."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Protocol

import msgspec
import structlog
from fastapi import APIRouter, Query, Request
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from sse_starlette import EventSourceResponse, ServerSentEvent

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.desk import Desk
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
_FRESH = timedelta(seconds=10)


class Changes(Protocol):
    """Whatever wakes readers when the figures may have changed."""

    async def changed(self, timeout_s: float) -> None:
        """Return when a projection has applied something, or after *timeout_s*."""


class Frame(msgspec.Struct, frozen=True):
    """What a live page shows: the same for everybody."""

    state: str
    board: str = ""
    tape: str = ""


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
        self._shown: tuple[Board | None, Tape | None, datetime] = (None, None, datetime.min.replace(tzinfo=UTC))

    @property
    def is_idle(self) -> bool:
        """Whether nobody watches, so that nothing is read."""
        return not self._slots and self._reading is None

    async def watch(self, state: str) -> AsyncIterator[bytes]:
        """
        Yield what changed, the latest only, beginning at once with the present frame.

        Args:
            state: of the rounds, as the page that watches shows it; where it is another by now, the page is told first.
        """
        slot = asyncio.Event()
        self._slots.add(slot)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(lambda _: self._wake())
        elif self._frame:
            slot.set()
        sent = Frame(state)
        try:
            while True:
                await slot.wait()
                slot.clear()
                if self._reading.done():  # it failed: the stream ends, and the browser comes back
                    return
                frame = self._frame or sent
                if events := changes(sent, frame):
                    yield events
                sent = frame
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
                if frame != self._frame:
                    self._frame = frame
                    self._wake()
            except (OperationalError, PoolTimeout) as error:
                _log.warning("a live page waits for the database", error=type(error).__name__)
            await asyncio.gather(asyncio.sleep(APART_S), woken)

    async def _render(self) -> Frame:
        desk = self._desk
        campaign = desk.streams.campaigns[self._campaign_id]
        async with desk.pool.connection() as connection:
            read = await in_words(connection, campaign)
            board = await present_board(connection, campaign, read)
        tape = await latest(desk, told(desk, read))
        was_board, was_tape, at = self._shown
        now = datetime.now(UTC)
        frame = self._frame or Frame("")
        is_stale = frame.board == "" or now - at > _FRESH
        shell = Shell(site_name=await brand_of(desk), now=now, zone=zone_of(desk), csrf="")
        if is_stale or _figures(board) != _figures(was_board):
            frame = msgspec.structs.replace(frame, board=render_partial("board", shell, board=board) if board else "")
            at = now
        if tape != was_tape or not frame.tape:
            frame = msgspec.structs.replace(frame, tape=render_partial("tape", shell, tape=tape))
        self._shown = (board, tape, at)
        return msgspec.structs.replace(frame, state=state_of(campaign))


def _figures(board: Board | None) -> tuple[Any, ...] | None:
    """Return what of a board is news; the time of the count is none."""
    return None if board is None else (board.round, board.rows, board.ballots)


@lru_cache(maxsize=32)
def changes(sent: Frame, frame: Frame) -> bytes:
    """Return the events that lead from one frame to another, as they are sent; encoded once for all who watch."""
    found = []
    if frame.state != sent.state:
        found.append(ServerSentEvent(frame.state, event="page"))
    if frame.board and frame.board != sent.board:
        found.append(ServerSentEvent(frame.board, event="board"))
    if frame.tape != sent.tape:
        found.append(ServerSentEvent(frame.tape, event="tape"))
    return b"".join(each.encode() for each in found)


@router.get("/campaigns/{campaign_id}/live")
async def live(
    campaign_id: Id, request: Request, campaigns: TheCampaigns, state: Annotated[str, Query(max_length=64)] = ""
) -> EventSourceResponse:
    """Send the board and the tape of a campaign as they change, at most twice a second."""
    campaign = await campaigns.campaign(campaign_id)
    app = request.app.state
    if not hasattr(app, "live"):
        app.live = {}
    readers: dict[str, Live] = app.live
    reader = readers.setdefault(campaign_id, Live(app.desk, app.waiting, campaign_id))
    return EventSourceResponse(reader.watch(state or state_of(campaign)), headers={"X-Content-Type-Options": "nosniff"}, ping=15)
