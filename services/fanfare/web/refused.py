"""A refusal as a page: what happened, what is kept, what to do."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from fanfare.platform.refusals import Refusal
from fanfare.web.contexts.shell import ProblemPage
from fanfare.web.layout import render
from fanfare.web.shells import shell_of


async def refused_page(request: Request, refusal: Refusal) -> HTMLResponse:
    """Return the page of *refusal* with its status."""
    page = ProblemPage(status=refusal.status, code=refusal.code, title=refusal.title, detail=str(refusal))
    return HTMLResponse(render(await shell_of(request), page), refusal.status)
