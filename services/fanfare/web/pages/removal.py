"""Removing a text from a page: by a moderator with a reason, or by the author of a comment."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.integrity import removing
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, Refusal
from fanfare.web import urls
from fanfare.web.contexts.campaigns import Voice
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.ideas import Version
from fanfare.web.contexts.moderation import Hiding
from fanfare.web.contexts.shell import Action
from fanfare.web.pages.campaign import voice
from fanfare.web.pages.forms import known, sent, writer
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other

router = APIRouter()


def comment(
    desk: Desk,
    said: Mapping[str, Any],
    visitor: Caller | None,
    gone: Mapping[str, str],
    hiding: Hiding | None = None,
    honours: Mapping[str, Honours] | None = None,
) -> Voice:
    """Return a comment as it is shown, with what its reader may do about it; *hiding* says why it is hidden, if it is."""
    found = msgspec.structs.replace(voice(desk, said), honours=(honours or {}).get(said["author"]))
    if not said["text"] and (missing := gone.get(said["text_hash"])):
        return msgspec.structs.replace(found, gone=missing)
    is_mine = visitor is not None and visitor.member == said["author"]
    may_remove = is_mine or (visitor is not None and removing.may_moderate(visitor))
    hashes = said["text_hash"] if may_remove else ""
    return msgspec.structs.replace(found, hashes=hashes, is_mine=is_mine, content=said["comment"], hiding=hiding)


def version(each: Mapping[str, Any], by: str, visitor: Caller | None) -> Version:
    """Return a version of an idea, with its texts where the reader may remove them."""
    hashes = " ".join(each[name] for name in ("title_hash", "body_hash", "tags_hash"))
    may_remove = visitor is not None and removing.may_moderate(visitor) and bool(each["title"] or each["body"])
    words = _("first written") if each["version"] == 1 else _("edited by %(by)s", by=by)
    return Version(each["version"], each["written_at"], words, hashes if may_remove else "")


@router.post(urls.REMOVAL)
async def remove(request: Request, desk: TheDesk) -> Response:
    """Delete the words, and lead back to the idea they stood under."""
    form = await sent(request)
    of_fan = form.value("fan")  # kudos stand on a fan's page
    back = urls.fan(known(of_fan)) if of_fan else urls.idea(known(form.value("idea")))
    try:
        caller = await writer(request)
        hashes = form.value("texts").split()
        asking = asked(caller, "remove", " ".join(hashes)[:1000], form.key, form.digest("texts", "reason"))
        done = await removing.remove(desk, request.app.state.settings.home, asking, caller, hashes, form.value("reason"))
    except ForeignOrigin:
        raise
    except Refusal as refusal:
        return await refused_page(request, refusal, action=Action(_("Back to the idea"), back), path=back)
    response = see_other(back)
    note_position(response, done.position)
    leave_notice(request, response, _("The words are deleted for good. That they were removed is in the record."))
    return response
