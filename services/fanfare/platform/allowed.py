"""
What a route asks of its caller where a power may be enough: the right, and which part of its address names the campaign.

A route takes one of the aliases at the end. Each finds the campaign by itself, so no route can forget it; where what is asked
for stands in the body, the route gets the :class:`~fanfare.platform.rights.Warrant` that its decider asks.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal

from fastapi import Depends, Request

from fanfare.platform import rights
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Fan, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import RoleNeeded
from fanfare.platform.warrants import ASK, Warrant
from fanfare.record.powers import May
from fanfare.views import ideas

Where = Literal["campaign_id", "round_id", "idea_id"]
"""The part of a route's address that the campaign follows from."""


async def _of_campaign(desk: Desk, campaign_id: str) -> str | None:
    del desk
    return campaign_id


async def _of_round(desk: Desk, round_id: str) -> str | None:
    found = desk.streams.round(round_id)
    return found[0].id if found else None


async def _of_idea(desk: Desk, idea_id: str) -> str | None:
    async with desk.pool.connection() as connection:
        found = await ideas.one(connection, idea_id)
    return str(found["campaign"]) if found else None


FINDS: Mapping[Where, Callable[[Desk, str], Awaitable[str | None]]] = {
    "campaign_id": _of_campaign,
    "round_id": _of_round,
    "idea_id": _of_idea,
}
"""How each of them leads to its campaign; to none where there is no such thing."""


class Allowed:
    """Asks for a caller who may do *what* in the campaign that *where* leads to."""

    def __init__(self, what: May, where: Where) -> None:
        """Say what is asked for, and which part of the address names the campaign."""
        self.what, self.where = what, where

    async def __call__(self, request: Request, fan: Fan, desk: TheDesk) -> Caller:
        """Return the caller. Raises: SignInNeeded, SessionExpired, RoleNeeded."""
        held = await rights.warrant_of(fan, desk, self.what)
        if held.everywhere:
            return fan
        # Whoever may do it nowhere is told so before anything is looked up: an address tells her nothing of what there is.
        if not held.somewhere or not held.covers(await FINDS[self.where](desk, request.path_params[self.where]) or ""):
            raise RoleNeeded(_(ASK[self.what]))
        return fan


class Somewhere:
    """Asks for a caller who may do *what* anywhere at all, and gives the warrant that says where."""

    def __init__(self, what: May) -> None:
        """Say what is asked for."""
        self.what = what

    async def __call__(self, fan: Fan, desk: TheDesk) -> Warrant:
        """Return the warrant. Raises: SignInNeeded, SessionExpired, RoleNeeded."""
        held = await rights.warrant_of(fan, desk, self.what)
        if not held.somewhere:
            raise RoleNeeded(_(ASK[self.what]))
        return held


HostOfCampaign = Annotated[Caller, Depends(Allowed("host", "campaign_id"))]
HostOfRound = Annotated[Caller, Depends(Allowed("host", "round_id"))]
CuratorOfCampaign = Annotated[Caller, Depends(Allowed("curate", "campaign_id"))]
CuratorOfIdea = Annotated[Caller, Depends(Allowed("curate", "idea_id"))]
Moderating = Annotated[Warrant, Depends(Somewhere("moderate"))]
"""Where she moderates; what is asked for is in the body, and its decider asks the warrant."""
