"""The ideas of a campaign: new, most supported, rising, with a tag, or what a search finds."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection
from pydantic import BaseModel, Field

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas.routes import cursor_of, parse_cursor, searched
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.views import answers, figures, idea_lists
from fanfare.views import pictures as picture_view
from fanfare.views.answers import Answer
from fanfare.views.idea_lists import Cursor, Sort
from fanfare.views.pictures import Shown
from fanfare.web.contexts.ideas import IdeaRow, IdeasPage
from fanfare.web.layout import plain
from fanfare.web.pages import rounds
from fanfare.web.pages.acts import GONE
from fanfare.web.pages.fates import Fates
from fanfare.web.shells import campaign_in_words, show

router = APIRouter()
_A_PAGE = 30


class Asks(BaseModel):
    """What the address of the page asks for."""

    sort: Sort = "top"
    tag: str = Field(default="", max_length=30)
    q: str = Field(default="", max_length=160)
    look: Literal["list", "grid"] = "list"
    cursor: str = ""


@router.get("/campaigns/{campaign_id}/ideas")
async def ideas_page(
    campaign_id: Id,
    request: Request,
    desk: TheDesk,
    campaigns: TheCampaigns,
    asks: Annotated[Asks, Query()],
) -> HTMLResponse:
    """Show the ideas of a campaign as a list or a grid, in one of three orders, or those that a search finds."""
    campaign = await campaigns.campaign(campaign_id)
    read = await campaign_in_words(request, campaign)
    after, tag, wanted = parse_cursor(asks.cursor), searched(asks.tag), searched(asks.q)
    async with desk.pool.connection() as connection:
        found, more = await _found(connection, campaign_id, asks.sort, tag, wanted, after)
        fates, ids = Fates(connection, campaign, read), [each["idea"] for each in found]
        shown, given = await picture_view.of(connection, ids), await answers.of(connection, ids)
        page = IdeasPage(
            campaign_id=campaign_id,
            ideas=[_row(each, await fates.stage(each), shown.get(each["idea"], ()), given.get(each["idea"])) for each in found],
            total=await figures.ideas(connection, campaign_id),
            sort=asks.sort,
            takes_ideas=rounds.ideas_round(read) is not None,
            tags=await idea_lists.tags(connection, campaign_id),
            tag=tag,
            q=wanted,
            look=asks.look,
            older=cursor_of(more),
        )
    return await show(request, page, section="ideas", campaign=read)


async def _found(
    connection: AsyncConnection, campaign: str, sort: Sort, tag: str, words: str, after: Cursor | None
) -> tuple[list[dict[str, Any]], Cursor | None]:
    if words:
        return await idea_lists.search(connection, campaign, words, tag=tag), None
    return await idea_lists.listed(connection, campaign, sort, tag=tag, after=after, limit=_A_PAGE)


def _row(idea: dict[str, Any], stage: str, pictures: Sequence[Shown], answer: Answer | None) -> IdeaRow:
    return IdeaRow(
        id=idea["idea"],
        title=idea["title"] or _(rounds.UNNAMED),
        line=first_line(idea["body"]),
        by=idea["author_name"] or _(GONE),
        raised_at=idea["raised_at"],
        supports=idea["supporters"],
        comments=idea["comments"],
        tags=tags_of(idea),
        stage=stage,
        picture=next(iter(pictures), None),
        answer=answer.status if answer else "",
    )


def first_line(text: str) -> str:
    """Return the first line of Markdown as plain words, 160 characters at most."""
    line = next((said for each in text.splitlines() if (said := plain(each))), "")
    return line if len(line) <= 160 else line[:160].rpartition(" ")[0] + "…"


def tags_of(idea: dict[str, Any]) -> tuple[str, ...]:
    """Return the tags of an idea."""
    return tuple(each for each in idea["tags"].split(", ") if each)
