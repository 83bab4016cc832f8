"""An idea: its page, and what fans do there."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.campaigns.reading import RoundRead
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas.routes import TheIdeas
from fanfare.integrity import removing
from fanfare.platform import rights
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import asked, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, Refusal
from fanfare.record.campaigns import Campaign
from fanfare.views import erased
from fanfare.views import ideas as view
from fanfare.views import pictures as picture_view
from fanfare.web import urls, words
from fanfare.web.contexts.ideas import IdeaPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages import answers, hidden, removal, rounds
from fanfare.web.pages.acts import GONE
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.fates import Fates
from fanfare.web.pages.forms import again, fresh_key, known, sent, writer
from fanfare.web.pages.idea_lists import tags_of
from fanfare.web.pages.recognised import honours
from fanfare.web.refused import refused_page
from fanfare.web.shells import campaign_in_words, leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()
_A_PAGE = 30


class _Missing(msgspec.Struct, frozen=True):
    by_hash: Mapping[str, str]
    """What stands in the place of each text that is gone."""
    words: str
    pictures: Sequence[str]


@router.get("/ideas/{idea_id}")
async def idea_page(
    idea_id: Id,
    request: Request,
    campaigns: TheCampaigns,
    ideas: TheIdeas,
    after: Annotated[int, Query(ge=0, lt=2**62)] = 0,
) -> HTMLResponse:
    """Show an idea with its versions, its way, and a page of its comments, those that were written *after* a place."""
    found = await ideas.find(known(idea_id))
    return await _idea(request, await campaigns.campaign(found["campaign"]), found, after=after)


async def _idea(
    request: Request, campaign: Campaign, found: dict[str, Any], form: Form | None = None, status: int = 200, after: int = 0
) -> HTMLResponse:
    desk = request.app.state.desk
    read, visitor = await campaign_in_words(request, campaign), await visitor_of(request)
    moderates = rights.may_now(desk, visitor, "moderate", campaign.id)
    by, sees = found["author_name"] or _(GONE), hidden.sees_hidden(visitor, found["author"], moderates=moderates)
    raised = _("%(day)s, by %(by)s", day=words.day(found["raised_at"], zone_of(desk), datetime.now(UTC)), by=by)
    async with desk.pool.connection() as connection:
        found = await hidden.as_seen(connection, found, sees=sees)
        way = await Fates(connection, campaign, read).way(found, raised)
        comments, more = await _comments(connection, found["idea"], after, visitor, moderates=moderates)
        authors = {found["idea"]: found["author"], **{each["comment"]: each["author"] for each in comments}}
        hidings = await hidden.hidings(desk, connection, authors, visitor, moderates=moderates)
        held = await honours(connection, authors.values())
        gone = await _missing(connection, found, comments)
        pictures = (await picture_view.of(connection, [found["idea"]], unveiled=sees)).get(found["idea"], ())
        versions = await view.versions(connection, found["idea"], unveiled=sees)
        page = IdeaPage(
            **_told(found, by),
            versions=[removal.version(each, by, visitor) for each in versions],
            comments_after=more,
            comments_begin=after,
            comments=[
                removal.comment(desk, each, visitor, gone.by_hash, hidings.get(each["comment"]), held) for each in comments
            ],
            honours=held.get(found["author"]),
            gone=gone.words,
            answers=await answers.given(desk, connection, found["idea"], campaign.id),
            hiding=hidings.get(found["idea"]),
            **_may(desk, found, visitor, rounds.ideas_round(read)),
            supported=visitor is not None and (await view.support_of(connection, found["idea"], visitor.member))[0],
            way=way.steps,
            ballot_round_id=way.ballot_round,
            stage=way.stage,
            form=form or Form(),
            pictures=pictures,
            pictures_gone=gone.pictures,
        )
    return await show(request, page, section="ideas", campaign=read, status=status, path=urls.idea(found["idea"]))


def _told(found: dict[str, Any], by: str) -> dict[str, Any]:
    """Return what an idea says of itself, whoever reads it, by the names of its page."""
    return {
        "id": found["idea"],
        "by": by,
        "title": hidden.title_of(found),
        "text": found["body"],
        "raised_at": found["raised_at"],
        "version": found["version"],
        "said": found["comments"],
        "supports": found["supporters"],
        "tags": tags_of(found),
        "is_withdrawn": found["withdrawn"],
        "removal_key": fresh_key(),
        "comment_key": fresh_key(),
    }


def _may(desk: Desk, found: Mapping[str, Any], visitor: Caller | None, of: RoundRead | None) -> dict[str, Any]:
    """Return what a reader may do about an idea, by the names of its page; *of* is the round that takes ideas now."""
    is_mine = visitor is not None and visitor.member == found["author"]
    removes = visitor is not None and removing.may_moderate(visitor)
    stands = not found["withdrawn"] and not found["hidden"]
    return {
        "is_mine": is_mine,
        "can_edit": is_mine and not found["frozen"] and not found["withdrawn"],
        "can_support": of is not None and of.id == found["round"] and stands,
        "may_answer": rights.may_now(desk, visitor, "curate", found["campaign"]) and stands,
        "may_moderate": rights.may_now(desk, visitor, "moderate", found["campaign"]),
        "may_remove_pictures": is_mine or removes,
    }


async def _comments(
    connection: AsyncConnection, idea: str, after: int, visitor: Caller | None, *, moderates: bool
) -> tuple[list[dict[str, Any]], int]:
    """Return a page of comments as a reader sees them, and the place behind which the next one begins; 0 on the last."""
    reader = visitor.member if visitor else ""
    found = await view.comments(connection, idea, _A_PAGE + 1, reader=reader, unveiled=moderates, after=after)
    return found[:_A_PAGE], found[_A_PAGE - 1]["place"] if len(found) > _A_PAGE else 0


async def _missing(connection: AsyncConnection, found: Mapping[str, Any], comments: Sequence[Mapping[str, Any]]) -> _Missing:
    """Look which words and pictures of an idea and of its comments are not there any more."""
    own = (found["title_hash"], found["body_hash"])
    lost = await picture_view.missing(connection, found["idea"])
    found_gone = await erased.in_place_of(connection, (*own, *lost, *(each["text_hash"] for each in comments)))
    gone = {each: hidden.instead(missing) for each, missing in found_gone.items()}
    words_gone = "" if found["hidden"] else next((gone[each] for each in reversed(own) if each in gone), "")
    pictures = [gone[each] for each in lost if each in gone and found_gone[each].why != "erased"]
    return _Missing(gone, words_gone, pictures)


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
    return written(request, done, urls.idea(idea_id) + "#comments", _("You said it. It is public, with your name."))


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
            return written(request, done, urls.idea(idea_id), _("You took the idea back."))
        command = "support" if supports else "unsupport"
        done = await ideas.support(idea_id, asked(fan, command, idea_id, form.key), supports=supports)
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        back = urls.idea(idea_id)
        return await refused_page(request, refusal, action=Action(_("Back to the idea"), back), path=back)
    said = _("You support it. It is public, and you can take it back.") if supports else _("Your support is taken back.")
    return written(request, done, urls.idea(idea_id), said)


def written(request: Request, done: Acknowledged, where: str, said: str) -> Response:
    """Lead on to *where* after a write, with a sentence for the head of that page."""
    response = see_other(where)
    note_position(response, done.position)
    leave_notice(request, response, said)
    return response
