"""How pages look to this reader: light, dark, or as her device says. Kept in a cookie, and nowhere else."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fanfare.members.address import on_this_site
from fanfare.members.csrf import guard
from fanfare.web import urls
from fanfare.web.pages.forms import sent
from fanfare.web.shells import THEME_COOKIE, THEMES, see_other

router = APIRouter()
_YEAR_S = 365 * 86_400


@router.post(urls.APPEARANCE, dependencies=[Depends(guard)])
async def choose(request: Request) -> Response:
    """Keep what she chose, and lead her back to where she was; whatever is no theme is as the device says."""
    form = await sent(request)
    response = see_other(on_this_site(form.value("next")))
    if form.value("theme") in THEMES:
        response.set_cookie(THEME_COOKIE, form.value("theme"), max_age=_YEAR_S, httponly=True, samesite="lax")
    else:
        response.delete_cookie(THEME_COOKIE)
    return response
