"""
Pictures in the form of an idea: added one at a time, described, taken out again.

All of it works without a script: each button posts the whole form, and what was typed and what was sent comes back in it.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas.routes import TheIdeas
from fanfare.ideas.service import Described
from fanfare.pictures import keeping
from fanfare.pictures.refusals import PictureMissing, TooManyPictures
from fanfare.pictures.routes import CLOSING, ThePictures, in_form
from fanfare.pictures.service import Pictures
from fanfare.platform.caller import Caller
from fanfare.platform.refusals import ForeignOrigin, Refusal
from fanfare.record.ideas import MOST_PICTURES
from fanfare.views.pictures import Shown
from fanfare.web import urls
from fanfare.web.contexts.ideas import IdeaFormPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent, writer
from fanfare.web.shells import campaign_in_words, see_other, show, visitor_of

router = APIRouter()
NUMBERS = range(1, MOST_PICTURES + 1)
FIELDS = tuple(f"{name}-{number}" for number in NUMBERS for name in ("picture", "words"))
"""Of the pictures that a form holds already."""
NEW, NEW_WORDS, FILE_DIGEST = "file", "words", "file-digest"
ERRORS = {f"description of picture {number}": f"words-{number}" for number in NUMBERS}
"""Where a form says what is wrong with the description of a picture."""


def described(form: Sent) -> tuple[Described, ...]:
    """Return the pictures of a form, in their order."""
    numbers = [each for each in NUMBERS if form.value(f"picture-{each}")]
    return tuple(Described(form.value(f"picture-{each}"), form.value(f"words-{each}")) for each in numbers)


def holding(form: Sent, pictures: Sequence[Described], **more: str) -> Sent:
    """Return a form that holds these pictures and no others."""
    values = {name: text for name, text in form.values.items() if name not in FIELDS} | more
    for number, each in enumerate(pictures, 1):
        values |= {f"picture-{number}": each.picture, f"words-{number}": each.words}
    return msgspec.structs.replace(form, values=values)


async def with_file(request: Request, pictures: Pictures, form: Sent, fan: Caller) -> Sent:
    """
    Return the form with the file that came in it, if one did, taken in as its last picture.

    Raises:
        TooManyPictures, or what ``Pictures.take_in`` refuses; the form is as it was then.
    """
    file = await _file(request)
    if not file:
        return form
    there = described(form)
    if len(there) >= MOST_PICTURES:
        raise TooManyPictures
    kept = await pictures.take_in(file, fan.member)
    new = Described(kept.hash, form.value(NEW_WORDS))
    return holding(form, (*there, new), **{NEW_WORDS: "", FILE_DIGEST: hashlib.sha256(file).hexdigest()})


async def _file(request: Request) -> bytes:
    try:
        return await in_form(request)
    except PictureMissing:
        return b""


def refused(form: Sent, refusal: Refusal) -> Form:
    """Return the form as it is shown again, with what is wrong with the file beside where it was chosen."""
    return Form(dict(form.values), {NEW: f"{refusal.title} {refusal}"})


async def shown(request: Request, form: Form, fan: Caller | None) -> list[Shown]:
    """Return the pictures of a form that is shown to who sent them; one that is gone meanwhile is left out."""
    if fan is None:
        return []
    there = {form.value(f"picture-{each}"): form.value(f"words-{each}") for each in NUMBERS if form.value(f"picture-{each}")}
    async with request.app.state.desk.pool.connection() as connection:
        return await keeping.in_form(connection, there, fan.member)


@router.post("/campaigns/{campaign_id}/ideas/new", dependencies=CLOSING)
async def change_new(campaign_id: Id, request: Request, campaigns: TheCampaigns, pictures: ThePictures) -> Response:
    """Add a picture to the form that raises an idea, or take one out."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    form, status = await _changed(request, pictures)
    there = await shown(request, form, await visitor_of(request))
    page = IdeaFormPage(campaign_id, form, fresh_key(), pictures=there)
    return await show(request, page, section="ideas", campaign=read, status=status, path=urls.campaign(campaign_id, "ideas/new"))


@router.post("/ideas/{idea_id}/edit", dependencies=CLOSING)
async def change_edited(
    idea_id: Id, request: Request, campaigns: TheCampaigns, ideas: TheIdeas, pictures: ThePictures
) -> Response:
    """Add a picture to the form that writes a new version, or take one out."""
    found, visitor = await ideas.find(known(idea_id)), await visitor_of(request)
    if visitor is not None and visitor.member != found["author"]:
        await writer(request)
        return see_other(urls.idea(idea_id))
    read = await campaign_in_words(request, await campaigns.campaign(found["campaign"]))
    form, status = await _changed(request, pictures)
    there, version = await shown(request, form, await visitor_of(request)), (await sent(request)).number("version")
    page = IdeaFormPage(found["campaign"], form, fresh_key(), idea_id=idea_id, version=version, pictures=there)
    return await show(request, page, section="ideas", campaign=read, status=status, path=urls.idea(idea_id, "edit"))


async def _changed(request: Request, pictures: Pictures) -> tuple[Form, int]:
    """Return the form after what its button asked for, and the status of the page that shows it."""
    form = await sent(request)
    try:
        fan = await writer(request)
        number = form.value("act").removeprefix("remove-")
        if number.isdecimal() and int(number) in NUMBERS:
            there = [each for each in described(form) if each.picture != form.value(f"picture-{number}")]
            return Form(dict(holding(form, there).values)), 200
        changed = await with_file(request, pictures, form, fan)
        if changed is form:
            raise PictureMissing
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        return (again(form, refusal, {}) if refusal.status in (401, 403) else refused(form, refusal)), refusal.status
    return Form(dict(changed.values)), 200
