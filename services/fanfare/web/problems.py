"""How refusals and faults are answered: a problem for programs, a page for people."""

import secrets
from datetime import UTC, datetime

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import iter_route_contexts
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from fanfare.platform import language
from fanfare.platform.edge import problem_response
from fanfare.platform.language import gettext as _
from fanfare.platform.logs.port import LogAway, RecordShrunk
from fanfare.platform.refusals import Invalid, NotFound, Refusal
from fanfare.platform.request_id import route_of
from fanfare.web.contexts.shell import ProblemPage, Shell
from fanfare.web.layout import render
from fanfare.web.policy import HEADERS
from fanfare.web.refused import refused_page

_log = structlog.get_logger()


class MethodNotAllowed(Refusal):
    """This address takes other methods."""

    code, status, advice = "method-not-allowed", 405, "The API's description at /api/v1/openapi.json says which."


class Malformed(Refusal):
    """The request cannot be read."""

    code, status, advice = "malformed", 400, "Check that the body is JSON in UTF-8 with the right Content-Type."


class Unstorable(Invalid):
    """The request holds a character that cannot be kept."""

    code, advice = (
        "unstorable",
        "Remove NUL characters and halves of surrogate pairs, and check that the numbers are not too large.",
    )


class Fault(Refusal):
    """Something is broken on our side."""

    code, status, advice = "fault", 500, "Try again in a moment; if it happens again, tell us the id."


class DatabaseAway(Refusal):
    """The database does not answer."""

    code, status, advice = "database-away", 503, "What was acknowledged is safe. Try again in a few seconds."


class RecordAway(Refusal):
    """The record does not answer."""

    code, status, advice = (
        "record-away",
        503,
        "What was acknowledged is safe. If you sent something, send it again in a few seconds with the same Idempotency-Key.",
    )


def handle(app: FastAPI) -> None:
    """Answer refusals, invalid payloads and faults of *app* as problems or pages."""

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, Refusal):
            return await failed(request, error)
        return await answer(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        return await answer(request, _invalid(error) if isinstance(error, RequestValidationError) else Unstorable())

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        kinds: dict[int, type[Refusal]] = {404: NotFound, 405: MethodNotAllowed}
        response = await answer(request, kinds.get(status, Malformed)())
        if status == 405:
            response.headers["Allow"] = ", ".join(sorted(_methods(request)))
        return response

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for lost in (psycopg.OperationalError, PoolTimeout, LogAway, RecordShrunk):
        app.add_exception_handler(lost, away)
    for unstorable in (psycopg.DataError, UnicodeEncodeError):
        app.add_exception_handler(unstorable, invalid)
    app.add_exception_handler(Exception, failed)


def _methods(request: Request) -> set[str]:
    """Return what an address takes: of all its routes, since each method may have its own. Source: RFC 9110, section 15.5.6."""
    path = request.url.path
    fitting = (each for each in iter_route_contexts(request.app.routes) if each.methods and each.path_regex.match(path))
    found = {method for each in fitting for method in each.methods or ()}
    return found | {"HEAD"} if "GET" in found else found


def _invalid(error: RequestValidationError) -> Invalid:
    told = [{"at": ".".join(str(part) for part in each["loc"]), "wrong": str(each["msg"])[:200]} for each in error.errors()[:20]]
    sentence = "; ".join(f"{each['at']}: {each['wrong']}" for each in told[:3])
    return Invalid(_("The request is not as it has to be. %(wrong)s.", wrong=sentence), errors=told)


async def answer(request: Request, refusal: Refusal) -> Response:
    """Answer with a page where a browser asked for one, else with a problem."""
    if wants_page(request):
        return await refused_page(request, refusal)
    return problem_response(refusal, request.url.path)


def wants_page(request: Request) -> bool:
    """Tell whether a person reads the answer."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


async def away(request: Request, error: Exception) -> Response:
    """Answer while the database or the record cannot be reached: without asking it anything."""
    refusal = RecordAway() if isinstance(error, LogAway | RecordShrunk) else DatabaseAway()
    _log.warning(refusal.code, route=route_of(request.scope), error=type(error).__name__)
    response = turned_away(request, refusal)
    response.headers["Retry-After"] = "2"
    return response


def turned_away(request: Request, refusal: Refusal) -> Response:
    """Answer with a problem, or a page that says no more than it, without asking the database anything."""
    if not wants_page(request):
        return problem_response(refusal, request.url.path)
    shell = Shell(site_name="Fanfare", now=datetime.now(UTC), zone="UTC", csrf="")
    page = ProblemPage(status=refusal.status, code=refusal.code, title=refusal.title, detail=str(refusal))
    return HTMLResponse(render(shell, page), refusal.status, HEADERS)


async def failed(request: Request, error: Exception) -> Response:
    """Answer a fault of ours: 500 with an id that stands in the log too, and nothing else of it."""
    fault = secrets.token_hex(6)
    _log.error("fault", id=fault, method=request.method, route=route_of(request.scope), exc_info=error)
    with language.speaking(language.wanted(request.headers.get("accept-language", ""))):  # it is answered outside of all that
        told = _("It was noted under %(id)s. Try again; if it happens again, tell us that id.", id=fault)
        return await answer(request, Fault(told, id=fault))
