"""The composition of the HTTP side: which services there are, and what answers where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
from fastapi import APIRouter, Depends, FastAPI, Request

from fanfare.audit.archives.offering import Offering
from fanfare.campaigns import results
from fanfare.campaigns import routes as campaign_routes
from fanfare.campaigns.live_reports import LiveReports
from fanfare.campaigns.service import Campaigns
from fanfare.circles import routes as circle_routes
from fanfare.circles.service import Circles
from fanfare.community import newcomer_routes, thanks_routes
from fanfare.community import routes as community_routes
from fanfare.draws import routes as draw_routes
from fanfare.draws.service import Draws
from fanfare.ideas import answer_routes
from fanfare.ideas import routes as idea_routes
from fanfare.ideas.service import Ideas
from fanfare.integrity import moderation_routes
from fanfare.integrity import routes as integrity_routes
from fanfare.members import routes as member_routes
from fanfare.members.csrf import guard
from fanfare.members.sessions import authenticator
from fanfare.notary import history_routes as checkpoint_routes
from fanfare.notary import receipt_routes
from fanfare.notary import routes as notary_routes
from fanfare.notary.promising import Promising
from fanfare.notary.receipts import Receipts
from fanfare.notary.routes import Latest
from fanfare.pictures import routes as picture_routes
from fanfare.pictures.service import Pictures
from fanfare.platform import language, tracing
from fanfare.platform.body_limit import BodyLimit
from fanfare.platform.compression import Compressed
from fanfare.platform.desk import Desk
from fanfare.platform.edge import POSITION_HEADER, WAIT_COOKIE
from fanfare.platform.head import HeadAsGet
from fanfare.platform.hosts.opening import Admit, Parts, opened
from fanfare.platform.hosts.waiting import Waiting
from fanfare.platform.limits.edge import Limits, LimitsGuard
from fanfare.platform.logs.port import LogAway
from fanfare.platform.objects import objects
from fanfare.platform.presence import Presence
from fanfare.platform.quick import QuickDoor
from fanfare.platform.refusals import Invalid, NotYetThere, ReaderTooOld
from fanfare.platform.request_id import RequestId
from fanfare.platform.settings import Settings
from fanfare.platform.speaking import Spoken
from fanfare.platform.stopping import AnsweredWhenStopped
from fanfare.platform.tasks import ended
from fanfare.recognition import routes as recognition_routes
from fanfare.recognition.trials import Trials
from fanfare.record.position import Position
from fanfare.rewards import routes as reward_routes
from fanfare.rewards.service import Rewards
from fanfare.simulation import routes as simulation_routes
from fanfare.voting import routes as voting_routes
from fanfare.voting.service import Voting
from fanfare.web import health, operations, pages, problems, record_acts
from fanfare.web.description import DescribedApp
from fanfare.web.watching import Watching

WAIT_S = 3.0


async def wait_for_writes(request: Request) -> None:
    """
    Hold a request back until what its sender wrote can be read: by Fanfare-Wait, for pages by the cookie that a write set.

    Raises:
        Invalid: the header is no position.
        NotYetThere: it took longer than three seconds; for a browser the page is shown as it is.
    """
    header = request.headers.get("fanfare-wait")
    told = request.cookies.get(WAIT_COOKIE, "").replace(".", ":") if request.method in ("GET", "HEAD") else ""
    if not header and not told:
        return
    try:
        position = Position.parse(header or told)
    except ValueError as error:
        if not header:
            return
        raise Invalid(str(error)) from error
    waiting: Waiting = request.app.state.waiting
    if not await waiting.reached(position, WAIT_S) and header:
        raise NotYetThere
    desk: Desk = request.app.state.desk
    if position.partition == 0 and desk.streams.next_offset <= position.offset:
        with suppress(ReaderTooOld, LogAway):  # then it is shown as it is
            await desk.catch_up()  # the tables are ahead of this process, where another one took the write


SERVICES = (
    *(campaign_routes, results, idea_routes, answer_routes, picture_routes, voting_routes, integrity_routes, moderation_routes),
    *(
        recognition_routes,
        draw_routes,
        reward_routes,
        circle_routes,
        community_routes,
        thanks_routes,
        newcomer_routes,
        notary_routes,
        receipt_routes,
        checkpoint_routes,
        record_acts,
        simulation_routes,
        health,
        operations,
    ),
)

QUICK = [*voting_routes.quick.routes, *results.quick.routes]
"""What is answered at the quick door, before the layers that only pages and forms need."""


def _router() -> APIRouter:
    router = APIRouter(dependencies=[Depends(wait_for_writes)])
    for module in SERVICES:
        router.include_router(module.router, dependencies=[Depends(guard)])
    router.include_router(member_routes.router)  # it guards itself: signing in has no session yet
    pages.mount(router)
    return router


ROUTES = _router().routes
"""
What answers everywhere else.

FastAPI works out how a route is called when it is first looked at, which takes a third of a second for all of them: once a
process, and not once an application.
"""


def create_app(settings: Settings, admit: Admit | None = None) -> FastAPI:
    """Return the application over the database that *settings* name; *admit* looks at each new connection to it."""
    language.find()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tracing.start(settings.otlp_url, "api")
        async with opened(settings.database_url, admit=admit, kafka=settings.kafka) as parts:
            _compose(app, parts)
            presence = Presence(parts.pool, "api")
            app.state.watching = Watching(parts.desk, presence, settings)
            tasks = [asyncio.create_task(parts.follow()), asyncio.create_task(app.state.waiting.listen())]
            tasks += [asyncio.create_task(presence.keep_telling()), asyncio.create_task(app.state.watching.keep_looking())]
            tasks.append(asyncio.create_task(app.state.reports.warm()))
            yield
            await _ended(app, tasks)

    app = DescribedApp(
        title="Fanfare",
        version="1",
        summary="Campaigns of rounds whose every number a stranger can recompute.",
        description=f"Writes answer with `{POSITION_HEADER}`; send it as `Fanfare-Wait` with a read that has to show the write. "
        "Refusals are RFC 9457 problems with a stable `code`. HEAD answers wherever GET does.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        telemetry=tracing.NO_OTHER,
        lifespan=lifespan,
    )
    app.state.settings = settings
    _surround(app, settings)
    problems.handle(app)
    app.router.routes.extend(QUICK)  # for the description and for other methods; a request finds them at the quick door
    app.router.routes.extend(ROUTES)
    return app


async def _ended(app: FastAPI, tasks: list[asyncio.Task[None]]) -> None:
    await ended(tasks)
    await app.state.trials.close()
    await app.state.reports.close()
    await app.state.receipts.close()
    await asyncio.to_thread(_stopped, app)


def _stopped(app: FastAPI) -> None:
    app.state.offering.close()
    tracing.stop()


def _surround(app: FastAPI, settings: Settings) -> None:
    """Put what every request passes around *app*; what is added last is passed first."""
    app.state.limits = Limits(settings)
    app.add_middleware(Compressed)
    app.add_middleware(QuickDoor, routes=QUICK, handlers=app.exception_handlers)
    app.add_middleware(BodyLimit)
    app.add_middleware(LimitsGuard, limits=app.state.limits, answer=problems.turned_away)
    app.add_middleware(AnsweredWhenStopped)
    app.add_middleware(Spoken)
    app.add_middleware(RequestId)
    app.add_middleware(HeadAsGet)


def _compose(app: FastAPI, parts: Parts) -> None:
    state = app.state
    state.parts, state.desk, state.pool = parts, parts.desk, parts.pool
    state.limits.begin(parts.pool, parts.desk.vault_key)
    state.authenticate = state.limits.counting(authenticator(parts.desk), parts.desk)
    state.campaigns, state.ideas, state.voting = Campaigns(parts.desk), Ideas(parts.desk), Voting(parts.desk)
    state.objects = objects(state.settings.home, state.settings.objects)
    state.pictures, state.latest = Pictures(parts.desk, state.objects), Latest(state.objects)
    state.promising, state.receipts = Promising(parts.desk), Receipts(parts.desk, state.objects, state.latest)
    state.draws, state.rewards, state.circles = Draws(parts.desk), Rewards(parts.desk), Circles(parts.desk)
    state.leaderboards = results.Leaderboards(parts.desk, state.campaigns)
    state.reports, state.trials = LiveReports(parts.desk), Trials(parts.desk, state.settings)
    state.waiting, state.wait = Waiting(parts.pool), wait_for_writes
    state.offering = Offering(parts.pool, parts.log, httpx2.ASGITransport(app))
