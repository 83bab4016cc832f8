"""The shell of a page: who reads it, in which campaign, when."""

from datetime import UTC, datetime
from typing import Literal

from fastapi import Request

from fanfare.members.csrf import csrf_token
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Authenticate, Caller
from fanfare.platform.refusals import Refusal
from fanfare.platform.settings import Settings
from fanfare.platform.texts import read
from fanfare.web import tints
from fanfare.web.contexts.shell import CampaignChrome, Notice, Section, Shell, Simulation, Viewer


async def visitor_of(request: Request) -> Caller | None:
    """Return who reads the page; none for a stranger, also where her session has ended."""
    authenticate: Authenticate = request.app.state.authenticate
    try:
        return await authenticate(request)
    except Refusal:
        return None


async def shell_of(
    request: Request, *, section: Section = "", campaign: CampaignChrome | None = None, notice: Notice | None = None
) -> Shell:
    """Return what ``base.html`` needs for this request."""
    desk: Desk = request.app.state.desk
    settings: Settings = request.app.state.settings
    founded = desk.streams.site.founded
    visitor = await visitor_of(request)
    brand = ""
    if founded:
        async with desk.pool.connection() as connection:
            brand = (await read(connection, [founded.brand])).get(founded.brand, "")
    return Shell(
        site_name=brand or "Fanfare",
        now=datetime.now(UTC),
        zone=founded.zone if founded else "UTC",
        csrf=csrf_token(request),
        path=request.url.path,
        section=section,
        viewer=Viewer(id=visitor.member, name=visitor.name, is_host=visitor.may("host")) if visitor else None,
        campaign=campaign,
        simulation=Simulation(joined_as=_joined_as(visitor)) if founded and founded.simulation else None,
        notice=notice,
        colour=founded.colour if founded else tints.HOUSE_COLOUR,
        development=not settings.smtp_url,
    )


def _joined_as(visitor: Caller | None) -> Literal["", "fan", "host"]:
    if visitor is None:
        return ""
    return "host" if visitor.may("host") else "fan"
