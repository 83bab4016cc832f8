"""What stands behind small print elsewhere: what cannot be proven, and every refusal with what to do about it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Refusal
from fanfare.web import urls
from fanfare.web.contexts.auditors import LimitsPage, ProblemsPage, RefusalLine
from fanfare.web.layout import HERE
from fanfare.web.shells import show

router = APIRouter()
LIMITS = "limits.md"
_SAYS_WHAT = marked("The answer says what is wrong, and where.")


@router.get(urls.LIMITS)
async def limits(request: Request) -> HTMLResponse:
    """Show what Fanfare does not prove."""
    return await show(request, LimitsPage(text=limits_text()))


@router.get(urls.PROBLEMS)
async def problems(request: Request) -> HTMLResponse:
    """List every refusal: the `type` of a problem leads to its line."""
    return await show(request, ProblemsPage(refusals=list(refusals())))


@cache
def limits_text() -> str:
    """
    Return docs/limits.md without its first heading.

    An installed Fanfare has a copy beside its templates, which the build puts there; a working tree reads the original.
    """
    copies = (HERE / LIMITS, *(folder / "docs" / LIMITS for folder in Path(HERE).parents))
    text = next(path for path in copies if path.is_file()).read_text(encoding="utf-8")
    return text.partition("\n")[2].strip()


def refusals() -> Iterator[RefusalLine]:
    """Yield every refusal that this site knows, by its code, each code once."""
    known = {each.code: each for each in reversed(list(_kinds(Refusal))) if "code" in vars(each)}
    for code, each in sorted(known.items()):
        yield RefusalLine(code, each.status, each().title, _(each.advice or _SAYS_WHAT))


def _kinds(of: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in of.__subclasses__():
        yield each
        yield from _kinds(each)
