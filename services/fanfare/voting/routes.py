"""The API of voting: paper, ballot, receipt, my ballots."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from msgspec import structs
from pydantic import BaseModel, Field

from fanfare.members.csrf import guard
from fanfare.notary.promising import Promising
from fanfare.platform.desk import Acknowledged
from fanfare.platform.edge import (
    KEY_DESCRIPTION,
    Cursor,
    Fan,
    Limit,
    RawRoute,
    TheDesk,
    acknowledge,
    asked,
    checked_key,
    signed_in,
    waited,
)
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid
from fanfare.record.kinds import digest
from fanfare.reports import receipts
from fanfare.reports.receipts import BallotFound
from fanfare.views import timeline
from fanfare.voting.service import Receipt, Voting

router = APIRouter(prefix="/api/v1", tags=["voting"])
quick = APIRouter(prefix="/api/v1", tags=["voting"], route_class=RawRoute)
"""What has to be quick when a whole fandom comes at once; its routes stand before all others."""


async def _voting(request: Request) -> Voting:
    voting: Voting = request.app.state.voting
    return voting


TheVoting = Annotated[Voting, Depends(_voting)]
Id = Annotated[str, Path(max_length=64)]


class BallotForm(msgspec.Struct, forbid_unknown_fields=True):
    """A ballot: the number of the paper, and the options chosen on it."""

    number: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    options: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=1000)]


class PaperRead(BaseModel):
    """The paper that you would fill in now."""

    round: str
    terms: str
    number: int
    """Goes into the ballot."""
    most: int
    options: list[str]
    voter: str
    """Your token in this round: find all ballots under it, also one that you never cast."""
    chosen: list[str]


class ReceiptRead(BaseModel):
    """Where your ballot stands. It shows no choice; but whoever holds it can find the choice in the record."""

    event_id: str
    position: str
    round: str
    terms: str
    voter: str
    number: int
    state: str = Field(examples=["taken"])
    next_number: int
    promise: str | None = Field(
        description="A signed note: that a checkpoint will cover your ballot's entry in a minute. Keep it until there is a proof."
    )
    events_proof: list[str] = Field(
        description="That your ballot is in the promised entry: hashes in base64, from its sibling up."
    )
    why_no_promise: str | None


class BallotRead(BaseModel):
    """What became of a ballot: counted, replaced, late or void."""

    event_id: str
    position: str
    terms: str
    number: int
    state: str


class MyBallots(BaseModel):
    """All ballots under your token in a round, the latest first."""

    round: str
    voter: str
    ballots: list[BallotRead]
    next: str | None = Field(description="`cursor` of the next page; none where these are all.")


class Contribution(BaseModel):
    """Something you did, with the event that tells it."""

    event: str
    type: str
    at: str
    campaign: str | None
    round: str | None
    idea: str | None
    title: str


class Contributions(BaseModel):
    """What a member did, the latest first."""

    contributions: list[Contribution]
    next: str | None


_ballot = msgspec.json.Decoder(BallotForm)
BALLOT = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": KEY_DESCRIPTION,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        },
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["number", "options"],
                    "additionalProperties": False,
                    "properties": {
                        "number": {"type": "integer", "minimum": 1, "maximum": 100_000},
                        "options": {"type": "array", "items": {"type": "string", "maxLength": 64}, "maxItems": 1000},
                    },
                },
                "example": {"number": 1, "options": ["o2"]},
            }
        },
    },
}


@router.get("/rounds/{round_id}/paper", summary="My ballot paper")
async def get_paper(round_id: Id, fan: Fan, voting: TheVoting) -> PaperRead:
    """Return the paper to fill in: its number goes into the ballot, so an older tab cannot overwrite a newer choice."""
    return PaperRead(**msgspec.to_builtins(await voting.paper(round_id, fan.member)))


@quick.put("/rounds/{round_id}/ballot", summary="Cast my ballot", response_model=ReceiptRead, openapi_extra=BALLOT)
async def cast(round_id: Id, request: Request) -> Response:
    """Cast or replace my ballot. The same request twice is one ballot; what was chosen last counts until the close."""
    await waited(request)
    fan = await signed_in(request)
    await guard(request)
    key = checked_key(request.headers.get("idempotency-key"))
    body = await request.body()
    form = decode_ballot(body)
    voting: Voting = request.app.state.voting
    asking = asked(fan, "cast", round_id, key, digest(body))
    receipt, done = await voting.cast(round_id, asking, fan.secret, form.number, form.options, "api" if fan.by_token else "web")
    receipt = await promised(request.app.state.promising, receipt, done)
    response = Response(msgspec.json.encode(receipt), media_type="application/json")
    response.headers["Location"] = f"/api/v1/receipts/{receipt.event_id}"
    acknowledge(response, done)
    return response


async def promised(promising: Promising, receipt: Receipt, done: Acknowledged) -> Receipt:
    """Return a receipt with the promise of its entry; the same request again gets one, too."""
    given = await promising.of(done.position)
    return structs.replace(receipt, promise=given.promise, events_proof=given.events_proof, why_no_promise=given.why_no_promise)


def decode_ballot(body: bytes) -> BallotForm:
    """
    Decode a ballot.

    Raises:
        Invalid: it is not JSON, or not a ballot.
    """
    try:
        return _ballot.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        form = '{"number": 1, "options": ["…"]}'
        wrong = str(error)[:200]
        message = _("A ballot reads %(form)s: %(wrong)s. Load the paper and send its number.", form=form, wrong=wrong)
        raise Invalid(message) from error


@router.get("/rounds/{round_id}/my-ballots", summary="My ballots in a round")
async def my_ballots(
    round_id: Id, fan: Fan, voting: TheVoting, desk: TheDesk, cursor: Cursor = None, limit: Limit = 100
) -> MyBallots:
    """Return all ballots under your token, page by page, so that you can find one that you never cast."""
    __, found = await voting.find(round_id)
    voter = await voting.token(round_id, fan.member)
    async with desk.pool.connection() as connection:
        cast = await receipts.of_voter(connection, found.terms_hash, voter, before=cursor, limit=limit + 1)
    behind = str(cast[limit - 1].place) if len(cast) > limit else None
    return MyBallots(round=round_id, voter=voter, ballots=[_read(each) for each in cast[:limit]], next=behind)


@router.get("/me/contributions", summary="What I contributed")
async def my_contributions(fan: Fan, desk: TheDesk, cursor: Cursor = None, limit: Limit = 50) -> Contributions:
    """Return what you did, with the event that tells each."""
    async with desk.pool.connection() as connection:
        acts = await timeline.acts(connection, members=[fan.member], before=cursor, limit=limit)
    lines = [
        Contribution(
            event=each.event_id,
            type=each.wire,
            at=each.at.isoformat(),
            campaign=each.campaign,
            round=each.round,
            idea=each.idea,
            title=each.idea_title,
        )
        for each in acts
    ]
    return Contributions(contributions=lines, next=str(acts[-1].place) if len(acts) == limit else None)


def _read(found: BallotFound) -> BallotRead:
    return BallotRead(
        event_id=found.event_id, position=str(found.position), terms=found.terms, number=found.number, state=found.state
    )
