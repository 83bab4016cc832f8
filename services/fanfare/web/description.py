"""The API's description at /api/v1/openapi.json: what its routes say of themselves, and how each of them refuses."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field

from fanfare.platform import edge
from fanfare.platform.allowed import Allowed, Somewhere
from fanfare.platform.documents import COMPONENTS
from fanfare.record.terms import RoundTerms
from fanfare.reports.report import CampaignReport, RoundReport

VISITOR, FAN, *HOLDING = (
    get_args(each)[1].dependency for each in (edge.Visitor, edge.Fan, edge.Host, edge.Moderator, edge.Admin)
)
"""What a route depends on that wants to know, or insists on, who calls."""
_PROBLEM = "Problem"
_SIGNED_IN = "An API token, made on your page. A browser that is signed in needs none: its session is in a cookie."
_NEVER_CALLED = "HTTPValidationError", "ValidationError"
"""FastAPI's own models of a payload that does not parse; here that is a problem like any other."""


class Problem(BaseModel):
    """A refusal, as RFC 9457 has it. Some carry more members, such as `errors` with what is wrong where."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["/problems#round-not-open"])
    title: str = Field(examples=["The round is not open."])
    status: int = Field(ge=400, le=599, examples=[409])
    detail: str
    code: str = Field(description="Stable: a program decides by it.", examples=["round-not-open"])
    instance: str = Field(examples=["/api/v1/rounds/1f00/ballot"])


class DescribedApp(FastAPI):
    """An application whose description lists the refusals of every route, derived from what the route depends on."""

    def openapi(self) -> dict[str, Any]:
        """Return the description; made once, at the first request for it."""
        if self.openapi_schema is None:
            made = super().openapi()
            schemas = made["components"]["schemas"]
            for name in _NEVER_CALLED:
                schemas.pop(name, None)
            schemas[_PROBLEM] = Problem.model_json_schema()
            schemas.update(msgspec.json.schema_components([RoundReport, CampaignReport, RoundTerms], ref_template=COMPONENTS)[1])
            made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": _SIGNED_IN}}
            for route in iter_route_contexts(self.routes):
                _describe(made["paths"], route)
        return super().openapi()


def _describe(paths: Mapping[str, Any], route: RouteContext) -> None:
    for method in route.methods or ():
        operation = paths.get(route.path_format or "", {}).get(method.lower())
        if operation is None:
            continue
        asks, answers = _asked_for(route), operation["responses"]
        answers.pop("422", None)
        for status in _statuses(method, asks, has_id="{" in (route.path or "")):
            answers.setdefault(str(status), {"description": _SAYS[status]})
        for status, answer in answers.items():
            if status >= "400":
                answer.setdefault("content", {edge.PROBLEM: {"schema": {"$ref": COMPONENTS.format(name=_PROBLEM)}}})
        operation["responses"] = dict(sorted(answers.items()))
        if VISITOR in asks:
            operation["security"] = [{"token": []}] if FAN in asks else [{}, {"token": []}]


def _asked_for(route: RouteContext) -> set[Any]:
    """Return what a route depends on; a raw one depends on nothing and sees for itself who calls."""
    if isinstance(route.original_route, edge.RawRoute):
        return {VISITOR, FAN}
    return set(_dependencies(route.dependant)) if route.dependant else set()


def _dependencies(of: Dependant) -> Iterator[Any]:
    for each in of.dependencies:
        yield each.call
        yield from _dependencies(each)


def _statuses(method: str, asks: set[Any], *, has_id: bool) -> set[int]:
    """Return how a route may refuse, from what it asks for."""
    found = {422, 429, 503}  # Fanfare-Wait that is no position, too many requests, what it waits for is not there yet
    if VISITOR in asks:
        found.add(401)
    if asks.intersection(HOLDING) or any(isinstance(each, Allowed | Somewhere) for each in asks):
        found.add(403)
    if has_id:
        found |= {404, 409} if FAN in asks else {404}
    if method != "GET":
        found |= {400, 403, 409, 413}
    return found


_SAYS = {
    400: "The body cannot be read.",
    401: "Nobody is signed in, or the session or token has ended.",
    403: "She who asks may not do this, or another site made her browser ask.",
    404: "There is no such thing.",
    409: "The state of the thing forbids it; the code says which.",
    413: "The request is too large.",
    422: "Something in the request is not as it has to be; `detail` says what.",
    429: "Too many requests. Retry-After says when to come back.",
    503: "Not at this moment. Nothing was lost; Retry-After says when to try again.",
}
