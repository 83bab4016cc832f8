"""The forms of an idea: raise it, write a new version; and what is like it, before it is raised a second time."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from fanfare.campaigns.reading import CampaignRead
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas.refusals import IdeaChanged, NoIdeasNow
from fanfare.ideas.routes import TheIdeas, searched
from fanfare.ideas.service import Words
from fanfare.pictures.refusals import PictureNotFound
from fanfare.pictures.routes import CLOSING, ThePictures
from fanfare.platform.edge import asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, Refusal
from fanfare.views import idea_lists
from fanfare.views import pictures as picture_view
from fanfare.web import urls
from fanfare.web.contexts.ideas import IdeaFormPage, SimilarIdea
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.layout import render_partial
from fanfare.web.pages import idea_pictures, rounds
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent, writer
from fanfare.web.pages.idea_lists import first_line
from fanfare.web.pages.ideas import written
from fanfare.web.policy import HEADERS
from fanfare.web.refused import refused_page
from fanfare.web.shells import campaign_in_words, see_other, shell_of, show, to_sign_in, visitor_of

router = APIRouter()
_FIELDS = {"title": "title", "text": "text", "tags": "tags", "tag": "tags", **idea_pictures.ERRORS}
_SAID = ("title", "text", "tags", "version", *idea_pictures.FIELDS)


@router.get("/campaigns/{campaign_id}/ideas/new")
async def new_idea(campaign_id: Id, request: Request, campaigns: TheCampaigns) -> Response:
    """Show the form that raises an idea."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    if await visitor_of(request) is None:
        return to_sign_in(request.url.path)
    if rounds.ideas_round(read) is None:
        return await refused_page(request, NoIdeasNow(), action=Action(_("Read the ideas"), urls.ideas(campaign_id)))
    async with request.app.state.desk.pool.connection() as connection:
        page = IdeaFormPage(campaign_id, Form(), fresh_key(), tags=await idea_lists.tags(connection, campaign_id, 40))
    return await show(request, page, section="ideas", campaign=read)


@router.get("/campaigns/{campaign_id}/ideas/similar")
async def similar(
    campaign_id: Id, request: Request, campaigns: TheCampaigns, title: Annotated[str, Query(max_length=500)] = ""
) -> HTMLResponse:
    """Return a part of the form: the ideas whose titles are like what is being typed, if there are any."""
    await campaigns.campaign(campaign_id)
    found = await _alike(request, campaign_id, title[:160])
    body = render_partial("similar", await shell_of(request), similar=found, stands_in_the_way=False)
    return HTMLResponse(body, headers={**HEADERS, "Cache-Control": "no-store"})


async def _alike(request: Request, campaign_id: str, title: str, *, very: bool = False) -> list[SimilarIdea]:
    async with request.app.state.desk.pool.connection() as connection:
        found = await idea_lists.similar(connection, campaign_id, searched(title), very=very)
    return [SimilarIdea(each["idea"], each["title"], first_line(each["body"]), each["supporters"]) for each in found]


@router.post("/campaigns/{campaign_id}/ideas", dependencies=CLOSING)
async def raise_idea(
    campaign_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas, pictures: ThePictures
) -> Response:
    """Raise an idea; on a refusal the form comes back with everything that was typed."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    form = await sent(request)
    try:
        fan = await writer(request)
        of = rounds.ideas_round(read)
        if of is None:
            raise NoIdeasNow
        said = form.digest(*_SAID)
        form = await idea_pictures.with_file(request, pictures, form, fan)
        if form.value("seen-similar") != "yes" and (alike := await _alike(request, campaign_id, form.value("title"), very=True)):
            return await _first_look(request, read, form, alike)
        asking = asked(fan, "raise", of.id, form.key, said + form.value(idea_pictures.FILE_DIGEST))
        idea, done = await ideas.raise_idea(of.id, asking, _words(form))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        shown = _again(form, refusal)
        there = await idea_pictures.shown(request, shown, await visitor_of(request))
        page = IdeaFormPage(campaign_id, shown, fresh_key(), pictures=there)
        back = urls.campaign(campaign_id, "ideas/new")
        return await show(request, page, section="ideas", campaign=read, status=refusal.status, path=back)
    return written(request, done, urls.idea(idea), _("Your idea is public, and in the record."))


async def _first_look(request: Request, read: CampaignRead, form: Sent, alike: Sequence[SimilarIdea]) -> Response:
    """Show the form once more beside ideas that may be the same; the next press raises it whatever is like it."""
    shown = Form(dict(form.values))
    there = await idea_pictures.shown(request, shown, await visitor_of(request))
    page = IdeaFormPage(read.id, shown, form.key, pictures=there, similar=alike)
    return await show(request, page, section="ideas", campaign=read, path=urls.campaign(read.id, "ideas/new"))


def _words(form: Sent) -> Words:
    return Words(form.value("title"), form.value("text"), form.value("tags"), idea_pictures.described(form))


def _again(form: Sent, refusal: Refusal) -> Form:
    is_about_file = refusal.code.startswith(("picture", "upload", "too-many-pictures")) and not isinstance(
        refusal, PictureNotFound
    )
    return idea_pictures.refused(form, refusal) if is_about_file else again(form, refusal, _FIELDS)


@router.get("/ideas/{idea_id}/edit")
async def edit_form(idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas) -> Response:
    """Show the form that writes a new version."""
    found = await ideas.find(known(idea_id), unveiled=True)  # hers is shown to her also where it is hidden
    visitor = await visitor_of(request)
    if visitor is None:
        return to_sign_in(request.url.path)
    read = await campaign_in_words(request, await campaigns.campaign(found["campaign"]))
    if visitor.member != found["author"] or found["frozen"] or found["withdrawn"]:
        return see_other(urls.idea(idea_id))
    form = Form({"title": found["title"], "text": found["body"], "tags": found["tags"]})
    async with request.app.state.desk.pool.connection() as connection:
        there = (await picture_view.of(connection, [idea_id], unveiled=True)).get(idea_id, ())
    page = IdeaFormPage(found["campaign"], form, fresh_key(), idea_id=idea_id, version=found["version"], pictures=there)
    return await show(request, page, section="ideas", campaign=read)


@router.post("/ideas/{idea_id}", dependencies=CLOSING)
async def edit(idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas, pictures: ThePictures) -> Response:
    """Write a new version; on a refusal the form comes back with everything that was typed."""
    found = await ideas.find(known(idea_id))
    form = await sent(request)
    try:
        fan = await writer(request)
        said = form.digest(*_SAID)
        form = await idea_pictures.with_file(request, pictures, form, fan)
        asking = asked(fan, "edit", idea_id, form.key, said + form.value(idea_pictures.FILE_DIGEST))
        done = await ideas.edit(idea_id, asking, form.number("version"), _words(form))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        read = await campaign_in_words(request, await campaigns.campaign(found["campaign"]))
        version = found["version"] if isinstance(refusal, IdeaChanged) else form.number("version")
        shown = _again(form, refusal)
        there = await idea_pictures.shown(request, shown, await visitor_of(request))
        page = IdeaFormPage(found["campaign"], shown, fresh_key(), idea_id=idea_id, version=version, pictures=there)
        back = urls.idea(idea_id, "edit")
        return await show(request, page, section="ideas", campaign=read, status=refusal.status, path=back)
    return written(request, done, urls.idea(idea_id), _("Your new version is public. The earlier ones stay in the record."))
