"""The API as it is, with more routes: they decode a ballot and answer at once, so that a ballot's own cost can be told."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from fanfare.members.csrf import guard
from fanfare.platform.edge import RawRoute, signed_in
from fanfare.platform.settings import Settings
from fanfare.serving import serve
from fanfare.voting.routes import decode_ballot
from fanfare.web.app import QUICK, create_app

ANSWER = b'{"event_id":"0123456789abcdef0123456789abcdef","position":"1:0:0","state":"taken","number":1,"next_number":2}'


router = APIRouter()


class Ballot(BaseModel):
    """A ballot, as a route that is not quick would take it."""

    number: int
    options: list[str]


class Taken(BaseModel):
    """Its answer."""

    event_id: str
    position: str
    state: str
    number: int
    next_number: int


@router.put("/bench/as-others")
async def answer_as_others(ballot: Ballot) -> Taken:
    """Decode the ballot, keep nothing, and answer, as a route does that is declared as all of the API but the quick ones."""
    return Taken(event_id="0" * 32, position="1:0:0", state="taken", number=ballot.number, next_number=ballot.number + 1)


async def answer_at_once(request: Request) -> Response:
    """Decode the ballot, keep nothing, and answer."""
    decode_ballot(await request.body())
    return Response(ANSWER, media_type="application/json")


async def answer_a_fan(request: Request) -> Response:
    """Find the session, as every write has to, then answer at once."""
    await signed_in(request)
    return await answer_at_once(request)


if __name__ == "__main__":
    settings = Settings()
    for path, answer in (("/bench/at-once", answer_at_once), ("/bench/at-once-for-fans", answer_a_fan)):
        QUICK.insert(0, RawRoute(path, answer, methods=["PUT"]))  # through the same door as the ballots' own
    app = create_app(settings)
    app.include_router(router, dependencies=[Depends(guard)])
    app.router.routes.insert(0, app.router.routes.pop())
    serve(app, settings)
