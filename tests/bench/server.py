"""The API as it is, with two more routes: they decode a ballot and answer at once, so that a ballot's own cost can be told."""

from starlette.requests import Request
from starlette.responses import Response

from fanfare.platform.edge import RawRoute, signed_in
from fanfare.platform.settings import Settings
from fanfare.serving import serve
from fanfare.voting.routes import decode_ballot
from fanfare.web.app import QUICK, create_app

ANSWER = b'{"event_id":"0123456789abcdef0123456789abcdef","position":"1:0:0","state":"taken","number":1,"next_number":2}'


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
    serve(create_app(settings), settings)
