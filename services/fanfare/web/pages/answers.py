"""Answers: what waits for one, the form that gives it, and how all of them read under an idea."""

from typing import get_args

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas import answering
from fanfare.ideas.refusals import IdeaIsHidden, IdeaNotFound, IdeaWasWithdrawn
from fanfare.platform.allowed import CuratorOfCampaign, CuratorOfIdea
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Cursor, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid, Refusal
from fanfare.record.answers import AnswerStatus
from fanfare.views import answers, ideas
from fanfare.views.answers import Waiting
from fanfare.web import urls, words
from fanfare.web.contexts.answers import Answer, AnswerPage, AnswersPage, Asked
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.by_right import standing_here
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.shells import campaign_in_words, see_other, show

router = desk_router()
_A_PAGE = 20
_FIELDS = {"reason": "reason", "status": "status"}


class StatusNeeded(Invalid):
    """An answer says what becomes of the idea."""

    code, advice = "status-needed", "Choose one of the five."


async def given(desk: Desk, connection: AsyncConnection, idea: str, campaign: str) -> list[Answer]:
    """Return every answer to an idea of a campaign, the one that stands first."""
    return [_given(desk, each, campaign) for each in await answers.all_of(connection, idea)]


def _given(desk: Desk, answer: answers.Answer, campaign: str) -> Answer:
    standing = standing_here(desk, answer.by, "curate", campaign, answer.at)
    return Answer(answer.status, answer.reason, answer.by_name or _(words.GONE), answer.at, answer.position, standing)


def asked_of(waiting: Waiting) -> Asked:
    """Return an idea that waits as pages show it."""
    title, by = waiting.title or _(words.UNNAMED), waiting.author_name or _(words.GONE)
    return Asked(waiting.idea, title, by, waiting.raised_at, waiting.supporters)


async def waiting_first(connection: AsyncConnection, campaign_id: str, limit: int) -> tuple[list[Asked], int]:
    """Return the ideas of a campaign that have waited longest for an answer, and how many wait."""
    found = await answers.waiting(connection, campaign_id, limit=limit)
    return [asked_of(each) for each in found], await answers.how_many_wait(connection, campaign_id)


@router.get("/host/campaigns/{campaign_id}/answers")
async def waiting_page(
    campaign_id: Id, request: Request, host: CuratorOfCampaign, desk: TheDesk, campaigns: TheCampaigns, cursor: Cursor = None
) -> HTMLResponse:
    """Show the ideas of a campaign that wait for an answer, the oldest first."""
    del host
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    async with desk.pool.connection() as connection:
        found = await answers.waiting(connection, campaign_id, after=cursor or -1, limit=_A_PAGE + 1)
        page = AnswersPage(
            campaign_id=campaign_id,
            waiting=[asked_of(each) for each in found[:_A_PAGE]],
            total=await answers.how_many_wait(connection, campaign_id),
            older=str(found[_A_PAGE - 1].place) if len(found) > _A_PAGE else "",
        )
    return await show(request, page, section="desk", campaign=read)


@router.get("/ideas/{idea_id}/answer")
async def answer_form(idea_id: Id, request: Request, host: CuratorOfIdea, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Show the form that answers an idea."""
    del host
    return await _shown(request, desk, campaigns, known(idea_id), Form())


@router.post("/ideas/{idea_id}/answer")
async def answer(idea_id: Id, request: Request, host: CuratorOfIdea, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Answer an idea, or show how the answer would read; on a refusal the form comes back with everything that was typed."""
    form = await sent(request)
    try:
        status = _status(form)
        if form.value("act") == "preview":
            preview = Answer(status, form.value("reason"), host.name, desk.now)
            return await _shown(request, desk, campaigns, known(idea_id), Form(dict(form.values)), preview, by=host.member)
        asking = asked(host, "answer", known(idea_id), form.key, form.digest("status", "reason"))
        done = await answering.answer(desk, asking, host, idea_id, status, form.value("reason"))
    except (IdeaNotFound, IdeaWasWithdrawn, IdeaIsHidden):
        raise
    except Refusal as refusal:
        return await _shown(request, desk, campaigns, idea_id, again(form, refusal, _FIELDS), status=refusal.status)
    return led_to(request, urls.idea(idea_id), _("Your answer is public, and in the record."), done.position)


def _status(form: Sent) -> AnswerStatus:
    for status in get_args(AnswerStatus):
        if form.value("status") == status:
            found: AnswerStatus = status
            return found
    raise StatusNeeded(field="status")


async def _shown(
    request: Request,
    desk: Desk,
    campaigns: TheCampaigns,
    idea_id: str,
    form: Form,
    preview: Answer | None = None,
    status: int = 200,
    *,
    by: str = "",
) -> Response:
    async with desk.pool.connection() as connection:
        found = await ideas.one(connection, idea_id)
        if found is None:
            raise IdeaNotFound
        if found["hidden"] or found["withdrawn"]:
            return see_other(urls.idea(idea_id))
        waits = await answers.waiting(connection, found["campaign"], limit=2)
        so_far = await given(desk, connection, idea_id, found["campaign"])
    if preview is not None:
        preview = msgspec.structs.replace(preview, standing=standing_here(desk, by, "curate", found["campaign"], desk.now))
    idea = Asked(
        id=idea_id,
        title=found["title"] or _(words.UNNAMED),
        by=found["author_name"] or _(words.GONE),
        raised_at=found["raised_at"],
        supports=found["supporters"],
    )
    page = AnswerPage(
        idea=idea,
        text=found["body"],
        form=form,
        idempotency_key=fresh_key(),
        given=so_far,
        preview=preview,
        next_id=next((each.idea for each in waits if each.idea != idea_id), ""),
    )
    read = await campaign_in_words(request, await campaigns.campaign(found["campaign"]))
    return await show(request, page, section="desk", campaign=read, status=status, path=urls.idea(idea_id, "answer"))
