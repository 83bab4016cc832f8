"""The host's circles: all of them with what waits, the form that opens one, and the page of one: brief, invite, change, close."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.circles import briefs, inviting
from fanfare.circles.reading import read_circles, tiers
from fanfare.circles.refusals import CircleRefused
from fanfare.circles.routes import Id, TheCircles
from fanfare.circles.service import Circles, Plan
from fanfare.community import audience
from fanfare.community.segments import SEGMENTS, Segment, described
from fanfare.community.thanking import brands_own
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.platform.texts import read
from fanfare.record.circles import Circle, CircleTier
from fanfare.record.position import Position
from fanfare.views import circles as view
from fanfare.web import urls, words
from fanfare.web.contexts.circles import CircleDeskPage, CirclesDeskPage, PersonLine
from fanfare.web.contexts.community import FoundFan, SegmentLine
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.circles import all_of, brief_line, line, lines_of, reported_lines
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.shells import show

router = desk_router()
_NAMED = {"title": "title", "words": "words", "tier": "tier", "campaign": "campaign"}
_FIELDS = {
    "brief": {"title": "brief_title", "words": "brief"},
    "invite": {"reason": "invite_reason", "segment": "segment", "member": "segment"},
    "uninvite": {},
    "change": _NAMED,
    "close": {"reason": "close_reason"},
    "remove": {},
}
_KEPT = ("brief_title", "brief", "invite_reason", "segment", "member", "title", "words", "tier", "campaign", "close_reason")
Done = tuple[str, Position | None]
"""What is said at the head of the next page, and where it stands."""


@router.get(urls.CIRCLES_DESK)
async def circles_page(request: Request, host: Host, desk: TheDesk) -> Response:
    """Show the circles, what was reported in them, and the form that opens one."""
    return await _all(request, desk, host, Form())


@router.post(urls.CIRCLES_DESK)
async def open_circle(request: Request, host: Host, desk: TheDesk, circles: TheCircles) -> Response:
    """Open a circle; on a refusal the form comes back with everything that was typed."""
    form = await sent(request)
    try:
        plan = _plan(form, campaign=form.value("campaign") or None)
        circle, done = await circles.open(asked(host, "open a circle", "circles", form.key, form.digest(*_KEPT)), plan)
    except Refusal as refusal:
        return await _all(request, desk, host, again(form, refusal, _NAMED), refusal.status)
    said = _("The circle is open. Who holds its tier belongs at once; invite others, and share a brief.")
    if plan.tier is None:
        said = _("The circle is open. Invite somebody, and share a brief.")
    return led_to(request, urls.circle_desk(circle), said, done.position)


def _plan(form: Sent, campaign: str | None = None) -> Plan:
    """Return the circle that a form says. Raises: CircleRefused."""
    rule, __, level = form.value("tier").rpartition("/")
    if form.value("tier") and not (rule and level.isdigit() and len(level) == 1):
        raise CircleRefused(_("Choose a tier from the list."), field="tier")
    tier = CircleTier(rule=rule, level=int(level)) if rule else None
    return Plan(title=form.value("title"), words=form.value("words"), tier=tier, campaign=campaign)


async def _tiers(connection: AsyncConnection, desk: Desk, present: CircleTier | None = None) -> list[Choice]:
    found = await tiers(connection, desk.streams.recognition)
    made = [
        Choice(
            f"{each.rule}/{each.level}",
            _("“%(tier)s”, from %(points)s points on", tier=each.name or each.rule, points=words.number(each.points)),
        )
        for each in found
    ]
    if present and f"{present.rule}/{present.level}" not in {each.value for each in made}:
        made.append(Choice(f"{present.rule}/{present.level}", _("a tier that no rule awards any more")))
    return [Choice("", _("Nobody: by invitation alone")), *made]


async def _all(request: Request, desk: Desk, host: Caller, form: Form, status: int = 200) -> Response:
    await desk.catch_up()
    public = [each for each in desk.streams.campaigns.values() if each.id]
    async with desk.pool.connection() as connection:
        titles = await read(connection, [each.title for each in public])
        page = CirclesDeskPage(
            circles=await lines_of(connection, desk, all_of(desk), host),
            reported=await reported_lines(connection, None),
            tiers=await _tiers(connection, desk),
            campaigns=[
                Choice("", _("None")),
                *(Choice(each.id, titles.get(each.title) or _(words.UNNAMED)) for each in reversed(public)),
            ],
            key=fresh_key(),
            form=form,
        )
    return await show(request, page, section="circles", status=status, path=urls.CIRCLES_DESK)


@router.get(urls.CIRCLES_DESK + "/{circle_id}")
async def circle_page(
    circle_id: Id,
    request: Request,
    host: Host,
    desk: TheDesk,
    circles: TheCircles,
    to: Annotated[str, Query(max_length=64)] = "",
    find: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show one circle to its host; with `find` also whoever has that name."""
    found = await circles.circle(known(circle_id))
    return await _one(request, desk, host, found, Form({"member": to}), sought=find.strip())


@router.post(urls.CIRCLES_DESK + "/{circle_id}/{change}")
async def act_on(circle_id: Id, change: str, request: Request, host: Host, desk: TheDesk, circles: TheCircles) -> Response:
    """Share or remove a brief, invite, take an invitation back, change or close; on a refusal the form comes back as typed."""
    if change not in _ACTS:
        raise NotFound
    form, found = await sent(request), await circles.circle(known(circle_id))
    asking = asked(host, change, circle_id, form.key, form.digest(*_KEPT, "reason"))
    try:
        said, position = await _ACTS[change](circles, found, asking, form)
    except Refusal as refusal:
        return await _one(request, desk, host, found, again(form, refusal, _FIELDS[change]), status=refusal.status)
    return led_to(request, urls.circle_desk(circle_id), said, position)


async def _brief(circles: Circles, circle: Circle, asking: Asked, form: Sent) -> Done:
    __, done = await briefs.share(circles.desk, asking, circle.id, form.value("brief_title"), form.value("brief"))
    return _("The brief is shared. Who belongs reads it; the record says that you shared one."), done.position


async def _invite(circles: Circles, circle: Circle, asking: Asked, form: Sent) -> Done:
    segment: Segment | None = next((each for each in SEGMENTS if each == form.value("segment")), None)
    count = await inviting.invite(
        circles.desk, asking, circle.id, reason=form.value("invite_reason"), member=form.value("member"), segment=segment
    )
    number = words.number(count)
    said = ngettext("One invitation is on its way.", "%(count)s invitations are on their way.", count, count=number)
    return said, None


async def _uninvite(circles: Circles, circle: Circle, asking: Asked, form: Sent) -> Done:
    done = await circles.uninvite(circle.id, asking, form.value("member"), form.value("reason"))
    return _("The invitation is taken back. The record says so, with your reason."), done.position


async def _change(circles: Circles, circle: Circle, asking: Asked, form: Sent) -> Done:
    return _("The circle is changed."), (await circles.change(circle.id, asking, _plan(form))).position


async def _close(circles: Circles, circle: Circle, asking: Asked, form: Sent) -> Done:
    done = await circles.close(circle.id, asking, form.value("close_reason"))
    return _("The circle is closed. Its page says why."), done.position


async def _remove(circles: Circles, circle: Circle, asking: Asked, form: Sent) -> Done:
    del asking  # nothing of it is in the record, and what is gone is not removed twice
    async with circles.desk.pool.connection() as connection:
        await briefs.remove(connection, circle.id, known(form.value("brief")))
    return _("The brief is gone, with its notes. That it was shared stays in the record."), None


_ACTS: dict[str, Callable[[Circles, Circle, Asked, Sent], Awaitable[Done]]] = {
    "brief": _brief,
    "invite": _invite,
    "uninvite": _uninvite,
    "change": _change,
    "close": _close,
    "remove": _remove,
}


async def _one(
    request: Request, desk: Desk, host: Caller, circle: Circle, form: Form, *, sought: str = "", status: int = 200
) -> Response:
    own = brands_own(desk, host.member)
    async with desk.pool.connection() as connection:
        (told,) = await read_circles(connection, [circle], desk.streams.recognition)
        counts, said = await audience.counts(connection, desk.now, own), described()
        tier = f"{circle.tier.rule}/{circle.tier.level}" if circle.tier else ""
        values = {"title": told.title, "words": told.words, "tier": tier, **form.values}
        page = CircleDeskPage(
            circle=line(told, "closed" if circle.closed else "in"),
            briefs=[brief_line(each) for each in await briefs.of_circle(connection, circle.id)],
            people=[_person(each) for each in await view.people(connection, circle.id)],
            on_their_way=await inviting.on_their_way(connection, circle.id),
            segments=[SegmentLine(each, said[each].name, said[each].rule, counts[each]) for each in SEGMENTS],
            tiers=await _tiers(connection, desk, circle.tier),
            key=fresh_key(),
            to=await _fan(connection, form.value("member")),
            sought=sought,
            found=[FoundFan(each.id, each.name) for each in await audience.find(connection, sought, own)] if sought else (),
            form=Form(values, form.errors),
        )
    return await show(request, page, section="circles", status=status, path=urls.circle_desk(circle.id))


async def _fan(connection: AsyncConnection, member: str) -> FoundFan | None:
    """Return the one fan whom it is for. Raises: MemberNotFound."""
    if not member:
        return None
    found = await vault.by_id(connection, known(member))
    if found is None:
        raise MemberNotFound
    return FoundFan(found.id, found.name)


def _person(found: view.Person) -> PersonLine:
    href = urls.fan(found.member) if found.shown else ""
    if found.belongs:
        return PersonLine(found.member, found.name, href, "in" if found.is_invited else "tier", found.is_invited)
    return PersonLine(found.member, found.name, href, "declined" if found.came else "waits", found.is_invited)
