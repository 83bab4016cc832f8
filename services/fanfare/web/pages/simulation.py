"""Joining in with one click: only on a site that was founded as a simulation."""

import contextlib
import secrets

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fanfare.members import arriving, joining, roles, sessions
from fanfare.members.address import on_this_site
from fanfare.members.csrf import guard
from fanfare.members.refusals import RoleHeld
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.edge import TheDesk, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.limits.rules import JOINS
from fanfare.record.position import Position
from fanfare.simulation.routes import simulation_only
from fanfare.web import urls
from fanfare.web.pages.forms import sent
from fanfare.web.shells import leave_notice, see_other, visitor_of

router = APIRouter()
_NAMES = (
    *("Juniper", "Clover", "Saffron", "Basil", "Poppy", "Sorrel", "Bramble", "Hazel", "Rowan", "Tansy"),
    *("Yarrow", "Myrtle", "Linden", "Maple", "Olive", "Quince", "Sage", "Thyme", "Violet", "Willow"),
)


@router.post(urls.JOIN, dependencies=[Depends(simulation_only), Depends(guard)])
async def join(request: Request, desk: TheDesk) -> Response:
    """Make the reader a fan or a host, sign her browser in, and lead her back to where she was."""
    form = await sent(request)
    as_host = form.value("role") == "host"
    visitor = await visitor_of(request)
    response = see_other(on_this_site(form.value("next")))
    if visitor is None or (visitor.may("host") and not as_host):
        await request.app.state.limits.claim(request, JOINS)
        name = f"Guest {secrets.choice(_NAMES)}"
        async with desk.pool.connection() as connection:
            by = await arriving.whose(connection, form.value("from")) if form.value("credit") == "yes" else None
        member = await joining.join(desk, name, simulated=True, brought_by=by.id if by else "")
        label = sessions.described(request.headers.get("user-agent", ""))
        async with desk.pool.connection() as connection:
            await sessions.end_this(connection, request)
            sessions.set_cookie(request, response, await sessions.open_session(connection, member, "browser", label))
    else:
        name, member = visitor.name, visitor.member
    if as_host and (position := await _host(desk, member)):
        note_position(response, position)
    fan = _("You are %(name)s, a fan. Everything you do here is real in this record.", name=name)
    host = _("You are %(name)s, a host. Everything you do here is real in this record.", name=name)
    leave_notice(request, response, host if as_host else fan)
    return response


async def _host(desk: Desk, member: str) -> Position | None:
    """Grant the role as the simulation's admin does; none where the member holds it already."""
    await desk.catch_up()
    admin = min(roles.admins(desk.streams.site), default="")
    asking = Asked(actor=admin, command="grant-role", target=f"{member}/host", key=secrets.token_hex(16))
    with contextlib.suppress(RoleHeld):
        return (await roles.grant(desk, asking, member, "host")).position
    return None
