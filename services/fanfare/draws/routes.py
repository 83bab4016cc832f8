"""The JSON API of draws."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from fanfare.campaigns.drafts import Time
from fanfare.draws.reading import DrawRead, read_draws
from fanfare.draws.service import Draws, Plan
from fanfare.platform.desk import Acknowledged
from fanfare.platform.documents import Answers
from fanfare.platform.edge import BodyDigest, Fan, Host, Key, Limit, TheDesk, acknowledge, asked
from fanfare.record.draws import OpenTo, Purpose

router = APIRouter(prefix="/api/v1", tags=["draws"])
Id = Annotated[str, Path(max_length=64)]
_UNKNOWN: Answers = {404: {"description": "There is no such draw."}}
_EXAMPLE: JsonDict = {
    "purpose": "seats",
    "title": "Twelve seats in the tasting kitchen",
    "gets": "An evening in Graz with the three finalists, and the fare.",
    "who": "Whoever voted in one of the rounds of The Eighth Flavour.",
    "seats": 12,
    "reserves": 6,
    "closes_at": "2026-12-06T18:00:00+01:00",
    "answer_h": 72,
}


async def _draws(request: Request) -> Draws:
    draws: Draws = request.app.state.draws
    return draws


TheDraws = Annotated[Draws, Depends(_draws)]


class DrawForm(BaseModel):
    """A draw that is to be announced."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    purpose: Purpose
    title: str = Field(max_length=2000, description="At most 120 characters.")
    gets: str = Field(max_length=20_000, description="What one gets, in at most 1,000 characters.")
    who: str = Field(max_length=20_000, description="Who may enter, in words; at most 1,000 characters.")
    seats: int = Field(default=1, ge=1, le=100)
    reserves: int = Field(default=0, ge=0, le=100)
    closes_at: Time
    campaign: Annotated[str, Field(max_length=64)] | None = None
    open_to: OpenTo = "members"
    answer_h: int = Field(default=0, ge=0, le=2160, description="Hours to accept a seat in; 0: it is held unless declined.")
    shown_h: int = Field(default=0, ge=0, le=2160, description="Hours that a spotlight lasts; 0 for anything else.")
    beacon: Literal["drand", "simulated"] = Field(default="drand", description="Simulated on a simulation alone.")


class VoidForm(BaseModel):
    """Why a draw is called off."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "The kitchen is closed that week."}]})
    reason: str = Field(max_length=20_000, description="At most 300 characters; everybody can read it.")


class DrawList(BaseModel):
    """Draws, the latest first."""

    draws: list[DrawRead]


class DrawDecided(BaseModel):
    """It is in the record, at this position."""

    id: str
    event: str
    position: str


@router.get("/draws", summary="The latest draws")
async def list_draws(desk: TheDesk, limit: Limit = 50) -> DrawList:
    """Return the draws that were announced last, the latest first."""
    await desk.catch_up()
    latest = list(desk.streams.draws.values())[-limit:]
    async with desk.pool.connection() as connection:
        return DrawList(draws=await read_draws(connection, latest[::-1], desk.now))


@router.post("/draws", status_code=status.HTTP_201_CREATED, summary="Announce a draw")
async def announce(form: DrawForm, host: Host, draws: TheDraws, key: Key, body: BodyDigest, response: Response) -> DrawDecided:
    """Announce a draw, and with it the beacon that draws: a round of drand that is published ten minutes after the close."""
    given = form.model_dump(exclude={"beacon"})
    plan = Plan(**given, simulated=form.beacon == "simulated")
    draw_id, done = await draws.announce(asked(host, "announce a draw", "draws", key, body), plan)
    response.headers["Location"] = f"/api/v1/draws/{draw_id}"
    return _decided(response, draw_id, done)


@router.get("/draws/{draw_id}", summary="A draw", responses=_UNKNOWN)
async def get_draw(draw_id: Id, desk: TheDesk, draws: TheDraws) -> DrawRead:
    """Return a draw: what it is for, the root of its entrants, the beacon's value, and who was drawn."""
    found = await draws.draw(draw_id)
    async with desk.pool.connection() as connection:
        return (await read_draws(connection, [found], desk.now))[0]


@router.put("/draws/{draw_id}/entry", summary="Enter a draw", responses=_UNKNOWN)
async def enter(draw_id: Id, fan: Fan, draws: TheDraws, key: Key, body: BodyDigest, response: Response) -> DrawDecided:
    """Wish to be drawn. Who is drawn is named on the draw's page, so this is the consent to that."""
    return _decided(response, draw_id, await draws.press(draw_id, asked(fan, "enter", draw_id, key, body), enters=True))


@router.delete("/draws/{draw_id}/entry", summary="Leave a draw", responses=_UNKNOWN)
async def leave(draw_id: Id, fan: Fan, draws: TheDraws, key: Key, body: BodyDigest, response: Response) -> DrawDecided:
    """No longer wish to be drawn."""
    return _decided(response, draw_id, await draws.press(draw_id, asked(fan, "leave", draw_id, key, body), enters=False))


@router.put("/draws/{draw_id}/seat", summary="Take my seat", responses=_UNKNOWN)
async def accept(draw_id: Id, fan: Fan, draws: TheDraws, key: Key, body: BodyDigest, response: Response) -> DrawDecided:
    """Take the seat that you were drawn for. It can still be given back."""
    return _decided(response, draw_id, await draws.answer(draw_id, asked(fan, "accept", draw_id, key, body), accepts=True))


@router.delete("/draws/{draw_id}/seat", summary="Decline my seat", responses=_UNKNOWN)
async def decline(draw_id: Id, fan: Fan, draws: TheDraws, key: Key, body: BodyDigest, response: Response) -> DrawDecided:
    """Decline the seat that you were drawn for, or give it back: for good. The next reserve gets it."""
    return _decided(response, draw_id, await draws.answer(draw_id, asked(fan, "decline", draw_id, key, body), accepts=False))


@router.post("/draws/{draw_id}/void", summary="Call a draw off", responses=_UNKNOWN)
async def void(
    draw_id: Id, form: VoidForm, host: Host, draws: TheDraws, key: Key, body: BodyDigest, response: Response
) -> DrawDecided:
    """Call a draw off before it is done, with a reason that everybody can read."""
    return _decided(response, draw_id, await draws.void(draw_id, asked(host, "void", draw_id, key, body), form.reason))


def _decided(response: Response, draw_id: str, done: Acknowledged) -> DrawDecided:
    acknowledge(response, done)
    return DrawDecided(id=draw_id, event=done.event_id, position=str(done.position))
