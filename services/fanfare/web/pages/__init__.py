"""The pages: each module fills the contexts of one area and answers its forms."""

from fastapi import Depends, FastAPI
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from fanfare.web.layout import STATIC
from fanfare.web.pages import (
    access,
    auditors,
    ballots,
    campaign,
    drafts,
    front,
    host,
    ideas,
    kept,
    live,
    mine,
    operator,
    people,
    plans,
    receipts,
    removal,
    results,
    round_desk,
    setup,
    simulation,
    timeline,
)

MODULES = (
    *(front, campaign, live, timeline, ideas, removal, ballots, receipts, results, people, mine, access, kept, simulation),
    *(host, drafts, plans, round_desk),  # plans first: its address would be an act of a round
    *(setup, auditors, operator),
)
"""Each has a ``router``."""


class HashedFiles(StaticFiles):
    """Files that may be kept for ever where the address names the hash of their bytes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file and how long it may be kept."""
        response = await super().get_response(path, scope)
        hashed = scope["query_string"].startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def mount(app: FastAPI) -> None:
    """Add every page and the static files to *app*."""
    for module in MODULES:
        app.include_router(module.router, include_in_schema=False, dependencies=[Depends(setup.founded)])
    app.mount("/static", HashedFiles(directory=STATIC), name="static")
