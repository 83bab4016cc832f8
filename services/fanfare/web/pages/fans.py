"""A member's page as everybody may read it, unless she hid it: what she gave, what came of it, what she earned."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fanfare.members import vault
from fanfare.members.power_reading import shown
from fanfare.platform import warrants
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound
from fanfare.views import answers, erased, mine
from fanfare.web import urls
from fanfare.web.contexts.ballots import MyComment
from fanfare.web.contexts.fans import FanPage
from fanfare.web.contexts.rights import Place
from fanfare.web.pages import by_right, rewards_lines, rounds
from fanfare.web.pages.forms import known as checked
from fanfare.web.pages.kudos import praise_of
from fanfare.web.pages.mine import campaigns_of, idea_line
from fanfare.web.pages.newcomers import arrival
from fanfare.web.pages.recognised import in_short, recognised
from fanfare.web.shells import show, visitor_of

router = APIRouter()


@router.get("/fans/{member_id}")
async def fan_page(
    member_id: str, request: Request, desk: TheDesk, before: Annotated[int | None, Query(ge=0, le=2**62)] = None
) -> Response:
    """Show what a member gave and earned, of that what is *before* a place. Raises: NotFound, also for whoever hides it."""
    visitor = await visitor_of(request)
    is_mine = visitor is not None and visitor.member == member_id
    await desk.catch_up()
    given_rights = await shown(desk, warrants.powers_now(desk.streams, checked(member_id), desk.now))
    async with desk.pool.connection() as connection:
        member = await vault.by_id(connection, checked(member_id))
        if member is None or not (member.shown or is_mine):
            message = _("Nobody has this page, or she hides it. Her ideas and comments are where she wrote them.")
            raise NotFound(message)
        found = [each for each in await mine.ideas(connection, member.id) if not each["withdrawn"] and not each["hidden"]]
        said = await mine.comments(connection, member.id)
        gone = await erased.in_place_of(connection, [each.text_hash for each in said])
        given = await answers.of(connection, [each["idea"] for each in found])
        told = await campaigns_of(desk, connection, frozenset(), {each["campaign"] for each in found})
        held = await recognised(desk, connection, member.id, before)
        praise = await praise_of(connection, desk, visitor, member.id, member.name)
        page = FanPage(
            id=member.id,
            name=member.name,
            since=member.joined_at,
            ideas=[await idea_line(told, each, given) for each in found],
            comments=_comments([each for each in said if each.text_hash not in gone]),
            is_mine=is_mine,
            shown=member.shown,
            address=desk.source.rstrip("/") + urls.fan(member.id),
            held=held,
            kudos=praise,
            arrival=await arrival(connection, visitor, member.id),
            rewards=await rewards_lines.things(desk, connection, member.id),
            places=[Place(by_right.does(each.may, each.title), each.until) for each in given_rights],
            in_short=in_short(member.name, held, len(found)),
        )
    return await show(request, page)


def _comments(said: Iterable[mine.Comment]) -> Sequence[MyComment]:
    return [MyComment(each.idea, each.title or rounds.UNNAMED, each.text, each.at) for each in said if each.text]
