"""Flags: a member tells moderators of an idea or a comment, and an author asks back why her words are hidden."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.integrity import cases, moderating
from fanfare.integrity.refusals import ContentNotFound, FlagOfYourOwn
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, Refusal
from fanfare.views import moderation
from fanfare.views.moderation import Words
from fanfare.views.rules import RULES
from fanfare.web import urls, words
from fanfare.web.contexts.moderation import FlagPage, Rule
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.layout import plain
from fanfare.web.pages.forms import again, known, sent, writer
from fanfare.web.refused import refused_page
from fanfare.web.shells import campaign_in_words, leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()


def offered() -> tuple[Rule, ...]:
    """Return the rules to choose from, in the language of the request."""
    return tuple(Rule(code, _(says)) for code, says in RULES.items())


async def _found(desk: Desk, content: str) -> Words:
    async with desk.pool.connection() as connection:
        found = (await moderation.in_words(connection, [known(content)])).get(content)
    if found is None:
        raise ContentNotFound
    return found


@router.get("/flags/{content}")
async def flag_page(content: Id, request: Request, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Show the form that tells moderators."""
    found, visitor = await _found(desk, content), await visitor_of(request)
    if visitor is None:
        return to_sign_in(request.url.path)
    if found.is_hidden:
        return see_other(urls.idea(found.idea))
    return await _shown(request, desk, campaigns, found, visitor, Form())


@router.post("/flags/{content}")
async def flag(content: Id, request: Request, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Tell moderators; on a refusal the form comes back with everything that was typed."""
    found, form = await _found(desk, content), await sent(request)
    try:
        fan = await writer(request)
        await moderating.flag(desk, fan, content, form.value("rule"), form.value("words"))
    except (ForeignOrigin, FlagOfYourOwn):
        raise
    except Refusal as refusal:
        visitor = await visitor_of(request)
        if found.is_hidden or visitor is None:
            return await _refused(request, refusal, found.idea)
        return await _shown(request, desk, campaigns, found, visitor, again(form, refusal, {"words": "words"}), refusal.status)
    response = see_other(urls.idea(found.idea))
    leave_notice(request, response, _("Thank you. A moderator will look at it."))
    return response


@router.post("/flags/{content}/back")
async def ask_back(content: Id, request: Request, desk: TheDesk) -> Response:
    """Ask moderators to show one's own words again."""
    found, form = await _found(desk, content), await sent(request)
    try:
        await moderating.ask_back(desk, await writer(request), content, form.value("words"))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        return await _refused(request, refusal, found.idea)
    response = see_other(urls.idea(found.idea))
    leave_notice(request, response, _("You asked back. A moderator will look at it again."))
    return response


async def _refused(request: Request, refusal: Refusal, idea: str) -> Response:
    back = urls.idea(idea)
    return await refused_page(request, refusal, action=Action(_("Back to the idea"), back), path=back)


async def _shown(
    request: Request, desk: Desk, campaigns: TheCampaigns, found: Words, visitor: Caller, form: Form, status: int = 200
) -> Response:
    if found.author == visitor.member:
        raise FlagOfYourOwn
    async with desk.pool.connection() as connection:
        done = await cases.has_flagged(connection, found.content, visitor.member)
    page = FlagPage(
        content=found.content,
        kind=found.kind,
        idea_id=found.idea,
        words=(found.title if found.kind == "idea" else plain(found.text)) or _(words.UNNAMED),
        by=found.author_name or _(words.GONE),
        rules=offered(),
        form=form,
        done=done,
    )
    read = await campaign_in_words(request, await campaigns.campaign(found.campaign))
    return await show(request, page, section="ideas", campaign=read, status=status, path=urls.flag(found.content))
