"""Ideas: the list, an idea, and its forms."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas.refusals import IdeaChanged, NoIdeasNow
from fanfare.ideas.routes import TheIdeas, parse_cursor
from fanfare.ideas.service import Words
from fanfare.platform.desk import Acknowledged
from fanfare.platform.edge import TheDesk, asked, note_position
from fanfare.platform.refusals import ForeignOrigin, Refusal
from fanfare.record.campaigns import Campaign
from fanfare.views import erased, figures
from fanfare.views import ideas as view
from fanfare.web import urls, words
from fanfare.web.contexts.ideas import IdeaFormPage, IdeaPage, IdeaRow, IdeasPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.layout import plain
from fanfare.web.pages import removal, rounds
from fanfare.web.pages.acts import GONE
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.fates import Fates
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent, writer
from fanfare.web.refused import refused_page
from fanfare.web.shells import campaign_in_words, leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()
_FIELDS = {"title": "title", "text": "text", "tags": "tags", "tag": "tags"}
_A_PAGE = 30


@router.get("/campaigns/{campaign_id}/ideas")
async def ideas_page(
    campaign_id: Id,
    request: Request,
    desk: TheDesk,
    campaigns: TheCampaigns,
    sort: Literal["top", "new"] = "top",
    tag: Annotated[str, Query(max_length=30)] = "",
    cursor: str = "",
) -> HTMLResponse:
    """Show the ideas of a campaign, the most supported or the newest first."""
    campaign = await campaigns.campaign(campaign_id)
    read = await campaign_in_words(request, campaign)
    after, chosen = parse_cursor(cursor), tag.replace("\0", "")
    async with desk.pool.connection() as connection:
        found = await view.listed(connection, campaign_id, top=sort == "top", tag=chosen, after=after, limit=_A_PAGE)
        fates = Fates(connection, campaign, read)
        page = IdeasPage(
            campaign_id=campaign_id,
            ideas=[_row(each, (await fates.way(each, "")).stage) for each in found],
            total=await figures.ideas(connection, campaign_id, chosen),
            sort=sort,
            takes_ideas=rounds.ideas_round(read) is not None,
            tags=await figures.tags(connection, campaign_id),
            tag=chosen,
            older=f"{found[-1]['supporters']}.{found[-1]['place']}" if len(found) == _A_PAGE else "",
        )
    return await show(request, page, section="ideas", campaign=read)


def _row(idea: dict[str, Any], stage: str) -> IdeaRow:
    return IdeaRow(
        id=idea["idea"],
        title=idea["title"] or rounds.UNNAMED,
        line=first_line(idea["body"]),
        by=idea["author_name"] or GONE,
        raised_at=idea["raised_at"],
        supports=idea["supporters"],
        comments=idea["comments"],
        tags=tags_of(idea),
        stage=stage,
    )


def first_line(text: str) -> str:
    """Return the first line of Markdown as plain words, 160 characters at most."""
    line = next((plain(each) for each in text.splitlines() if plain(each)), "")
    return line if len(line) <= 160 else line[:160].rpartition(" ")[0] + "…"


def tags_of(idea: dict[str, Any]) -> tuple[str, ...]:
    """Return the tags of an idea."""
    return tuple(each for each in idea["tags"].split(", ") if each)


@router.get("/campaigns/{campaign_id}/ideas/new")
async def new_idea(campaign_id: Id, request: Request, campaigns: TheCampaigns) -> Response:
    """Show the form that raises an idea."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    if await visitor_of(request) is None:
        return to_sign_in(request.url.path)
    if rounds.ideas_round(read) is None:
        return await refused_page(request, NoIdeasNow(), action=Action("Read the ideas", urls.ideas(campaign_id)))
    return await show(request, IdeaFormPage(campaign_id, Form(), fresh_key()), section="ideas", campaign=read)


@router.post("/campaigns/{campaign_id}/ideas")
async def raise_idea(campaign_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas) -> Response:
    """Raise an idea; on a refusal the form comes back with everything that was typed."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    form = await sent(request)
    try:
        fan = await writer(request)
        of = rounds.ideas_round(read)
        if of is None:
            raise NoIdeasNow
        asking = asked(fan, "raise", of.id, form.key, form.digest("title", "text", "tags"))
        idea, done = await ideas.raise_idea(of.id, asking, _words(form))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        page = IdeaFormPage(campaign_id, again(form, refusal, _FIELDS), fresh_key())
        back = urls.campaign(campaign_id, "ideas/new")
        return await show(request, page, section="ideas", campaign=read, status=refusal.status, path=back)
    return _written(request, done, urls.idea(idea), "Your idea is public, and in the record.")


def _words(form: Sent) -> Words:
    return Words(form.value("title"), form.value("text"), form.value("tags"))


def _written(request: Request, done: Acknowledged, where: str, said: str) -> Response:
    response = see_other(where)
    note_position(response, done.position)
    leave_notice(request, response, said)
    return response


@router.get("/ideas/{idea_id}")
async def idea_page(idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas) -> HTMLResponse:
    """Show an idea with its versions, comments and its way."""
    found = await ideas.find(known(idea_id))
    return await _idea(request, await campaigns.campaign(found["campaign"]), found)


async def _idea(
    request: Request, campaign: Campaign, found: dict[str, Any], form: Form | None = None, status: int = 200
) -> HTMLResponse:
    desk = request.app.state.desk
    read, visitor = await campaign_in_words(request, campaign), await visitor_of(request)
    by, is_mine = found["author_name"] or GONE, visitor is not None and visitor.member == found["author"]
    raised = f"{words.day(found['raised_at'], zone_of(desk), datetime.now(UTC))}, by {by}"
    of = rounds.ideas_round(read)
    async with desk.pool.connection() as connection:
        way = await Fates(connection, campaign, read).way(found, raised)
        comments = await view.comments(connection, found["idea"])
        own = (found["title_hash"], found["body_hash"])
        gone = await erased.in_place_of(connection, (*own, *(each["text_hash"] for each in comments)))
        page = IdeaPage(
            id=found["idea"],
            title=found["title"] or rounds.UNNAMED,
            text=found["body"],
            by=by,
            raised_at=found["raised_at"],
            version=found["version"],
            versions=[removal.version(each, by, visitor) for each in await view.versions(connection, found["idea"])],
            comments=[removal.comment(desk, each, visitor, gone) for each in comments],
            gone=gone.get(found["body_hash"]) or gone.get(found["title_hash"], ""),
            removal_key=fresh_key(),
            supports=found["supporters"],
            supported=visitor is not None and (await view.support_of(connection, found["idea"], visitor.member))[0],
            is_mine=is_mine,
            can_edit=is_mine and not found["frozen"] and not found["withdrawn"],
            can_support=of is not None and of.id == found["round"] and not found["withdrawn"],
            way=way.steps,
            tags=tags_of(found),
            ballot_round_id=way.ballot_round,
            stage=way.stage,
            form=form or Form(),
            is_withdrawn=found["withdrawn"],
            comment_key=fresh_key(),
        )
    return await show(request, page, section="ideas", campaign=read, status=status, path=urls.idea(found["idea"]))


@router.get("/ideas/{idea_id}/edit")
async def edit_form(idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas) -> Response:
    """Show the form that writes a new version."""
    found = await ideas.find(known(idea_id))
    visitor = await visitor_of(request)
    if visitor is None:
        return to_sign_in(request.url.path)
    read = await campaign_in_words(request, await campaigns.campaign(found["campaign"]))
    if visitor.member != found["author"] or found["frozen"] or found["withdrawn"]:
        return see_other(urls.idea(idea_id))
    form = Form({"title": found["title"], "text": found["body"], "tags": found["tags"]})
    page = IdeaFormPage(found["campaign"], form, fresh_key(), idea_id=idea_id, version=found["version"])
    return await show(request, page, section="ideas", campaign=read)


@router.post("/ideas/{idea_id}")
async def edit(idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas) -> Response:
    """Write a new version; on a refusal the form comes back with everything that was typed."""
    found = await ideas.find(known(idea_id))
    form = await sent(request)
    try:
        fan = await writer(request)
        asking = asked(fan, "edit", idea_id, form.key, form.digest("title", "text", "tags", "version"))
        done = await ideas.edit(idea_id, asking, form.number("version"), _words(form))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        read = await campaign_in_words(request, await campaigns.campaign(found["campaign"]))
        version = found["version"] if isinstance(refusal, IdeaChanged) else form.number("version")
        shown = again(form, refusal, _FIELDS)
        page = IdeaFormPage(found["campaign"], shown, fresh_key(), idea_id=idea_id, version=version)
        back = urls.idea(idea_id, "edit")
        return await show(request, page, section="ideas", campaign=read, status=refusal.status, path=back)
    return _written(request, done, urls.idea(idea_id), "Your new version is public. The earlier ones stay in the record.")


@router.post("/ideas/{idea_id}/comments")
async def comment(idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas) -> Response:
    """Write under an idea; on a refusal the page comes back with what was typed."""
    found = await ideas.find(known(idea_id))
    form = await sent(request)
    try:
        fan = await writer(request)
        done = await ideas.comment(idea_id, asked(fan, "comment", idea_id, form.key, form.digest("text")), form.value("text"))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        campaign = await campaigns.campaign(found["campaign"])
        return await _idea(request, campaign, found, again(form, refusal, {"comment": "text"}), refusal.status)
    return _written(request, done, urls.idea(idea_id) + "#comments", "You said it. It is public, with your name.")


@router.post("/ideas/{idea_id}/support")
async def support(idea_id: Id, request: Request, ideas: TheIdeas) -> Response:
    """Support an idea, or take the support back."""
    return await _act(request, ideas, known(idea_id), "support")


@router.post("/ideas/{idea_id}/withdraw")
async def withdraw(idea_id: Id, request: Request, ideas: TheIdeas) -> Response:
    """Take one's own idea back."""
    return await _act(request, ideas, known(idea_id), "withdraw")


async def _act(request: Request, ideas: TheIdeas, idea_id: str, act: Literal["support", "withdraw"]) -> Response:
    form = await sent(request)
    supports = form.value("support") != "no"
    if await visitor_of(request) is None:
        return to_sign_in(urls.idea(idea_id))
    try:
        fan = await writer(request)
        if act == "withdraw":
            done = await ideas.withdraw(idea_id, asked(fan, "withdraw", idea_id, form.key))
            return _written(request, done, urls.idea(idea_id), "You took the idea back.")
        command = "support" if supports else "unsupport"
        done = await ideas.support(idea_id, asked(fan, command, idea_id, form.key), supports=supports)
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        back = urls.idea(idea_id)
        return await refused_page(request, refusal, action=Action("Back to the idea", back), path=back)
    said = "You support it. It is public, and you can take it back." if supports else "Your support is taken back."
    return _written(request, done, urls.idea(idea_id), said)
