"""Simulated fans: routes that exist only on a site founded as a simulation."""

from typing import Annotated

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.members import arriving, sessions
from fanfare.members.joining import join, join_many
from fanfare.platform.edge import Host, TheDesk
from fanfare.platform.refusals import NotFound


async def simulation_only(desk: TheDesk) -> None:
    """Let a request pass on a simulation. Raises: NotFound on any other site."""
    founded = desk.streams.site.founded
    if founded is None or not founded.simulation:
        raise NotFound


router = APIRouter(
    prefix="/api/v1/simulation", tags=["simulation"], include_in_schema=False, dependencies=[Depends(simulation_only)]
)


class NewFans(BaseModel):
    """Names of simulated fans."""

    model_config = ConfigDict(extra="forbid")
    names: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(max_length=500)


class NewFriend(BaseModel):
    """The name of a simulated fan, and the link that she comes by."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=60)]
    link: Annotated[str, Field(max_length=300, description="Of the fan who brings her, as /me/invite-link tells it.")]


class SimulatedFan(BaseModel):
    """A simulated fan with the token that acts for it."""

    member: str
    token: str


@router.post("/fans", status_code=status.HTTP_201_CREATED, summary="Make simulated fans")
async def make_fans(form: NewFans, host: Host, desk: TheDesk) -> list[SimulatedFan]:
    """Make simulated fans, up to 500 at once. On an ordinary site there is no such address."""
    del host
    return [SimulatedFan(member=member, token=token) for member, token in await join_many(desk, form.names)]


@router.post("/friends", status_code=status.HTTP_201_CREATED, summary="Make a simulated fan who comes by a link")
async def make_friend(form: NewFriend, host: Host, desk: TheDesk) -> SimulatedFan:
    """Make a simulated fan whom another brought; where the link is nobody's, she joins all the same."""
    del host
    async with desk.pool.connection() as connection:
        bringer = await arriving.whose(connection, form.link.rpartition("=")[2])
    member = await join(desk, form.name, simulated=True, brought_by=bringer.id if bringer else "")
    async with desk.pool.connection() as connection:
        token = await sessions.open_session(connection, member, "token", "simulation")
    return SimulatedFan(member=member, token=token)
