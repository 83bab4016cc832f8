"""A refusal as a page: what happened, what is kept, what to do."""

from fastapi import Request
from fastapi.responses import Response

from fanfare.campaigns.reading import CampaignRead
from fanfare.platform.refusals import Refusal, SignInNeeded
from fanfare.web.contexts.shell import Action, ProblemPage
from fanfare.web.shells import show, to_sign_in


async def refused_page(
    request: Request,
    refusal: Refusal,
    *,
    kept: str = "",
    action: Action | None = None,
    path: str = "",
    campaign: CampaignRead | None = None,
) -> Response:
    """
    Return the page of *refusal* with its status; a stranger who wants to see a page is led to sign in, and back.

    Args:
        kept: what was not lost, in a sentence.
        action: the one link that helps; the front page unless given.
        path: where signing in leads back to, where the address of the request takes no reader.
    """
    if isinstance(refusal, SignInNeeded) and request.method in ("GET", "HEAD"):
        query = f"?{request.url.query}" if request.url.query else ""
        return to_sign_in(request.url.path + query)
    page = ProblemPage(
        status=refusal.status, code=refusal.code, title=refusal.title, detail=str(refusal), kept=kept, action=action
    )
    response = await show(request, page, status=refusal.status, path=path, campaign=campaign)
    if refusal.status == 503:
        response.headers["Retry-After"] = "1"
    return response
