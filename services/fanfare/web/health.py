"""Whether this process is alive, and whether it can serve."""

import asyncio
from typing import Any

import psycopg
from fastapi import APIRouter, Response
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.logs.port import LogAway
from fanfare.platform.texts import read
from fanfare.record.position import Moment

router = APIRouter(tags=["site"])
_RECORD_S = 3.0
"""A record that takes longer to tell its heads is away, for whoever asks whether we can serve."""


class Health(BaseModel):
    """How the site is."""

    status: str
    database: bool
    founded: bool
    heads: list[int]
    """The next offset of each partition."""
    lag: dict[str, int]
    """Of each projection: entries that it has not applied yet."""
    stopped: list[str]
    """Projections that stopped, and where."""
    filling: dict[str, int]
    """Of each projection that is being rebuilt: entries that its new tables lack. The old ones are read meanwhile."""


class SiteRead(BaseModel):
    """Whose site this is."""

    name: str
    brand: str
    colour: str
    zone: str
    simulation: bool
    partitions: int


class NotFounded(BaseModel):
    """The site has not been set up."""

    name: None = None


async def _rows(desk: Desk) -> tuple[Moment, list[Any]]:
    async with asyncio.timeout(_RECORD_S):
        heads = await desk.log.heads()
    query = """select name, fills, stopped,
                      coalesce(json_object_agg(partition, next_offset) filter (where partition is not null), '{}')
                 from platform.projections left join platform.positions on projection = name
                group by name, fills, stopped order by name"""
    async with desk.pool.connection() as connection:
        return heads, await (await connection.execute(query)).fetchall()


@router.get("/healthz", summary="Is it alive?")
async def healthz() -> dict[str, str]:
    """Answer as long as the process runs."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can it serve?", responses={503: {"model": Health, "description": "It cannot; this is why."}})
async def readyz(desk: TheDesk, response: Response) -> Health:
    """Answer 200 where the database answers and no projection has stopped, else 503 with what is wrong."""
    try:
        heads, rows = await _rows(desk)
    except (psycopg.OperationalError, PoolTimeout):
        response.status_code = 503
        return Health(status="no database", database=False, founded=False, heads=[], lag={}, stopped=[], filling={})
    except (LogAway, TimeoutError):
        response.status_code = 503
        return Health(status="no record", database=True, founded=False, heads=[], lag={}, stopped=[], filling={})
    lag = {name: sum(max(0, head - at.get(str(n), 0)) for n, head in enumerate(heads)) for name, *_, at in rows}
    filling = {fills: lag.pop(name) for name, fills, _, _ in rows if fills}
    stopped = [f"{name}: {why}" for name, _, why, _ in rows if why and name in lag]
    if stopped:
        response.status_code = 503
    return Health(
        status="stopped" if stopped else "ok",
        database=True,
        founded=desk.streams.site.founded is not None,
        heads=list(heads),
        lag=lag,
        stopped=stopped,
        filling=filling,
    )


@router.get("/api/v1/site", summary="Whose site this is")
async def site(desk: TheDesk) -> SiteRead | NotFounded:
    """Return the record's name, brand and zone as they are today, and whether it is a simulation."""
    founded, present = desk.streams.site.founded, desk.streams.site.present
    if founded is None or present is None:
        return NotFounded()
    async with desk.pool.connection() as connection:
        words = await read(connection, [present.brand])
    return SiteRead(
        name=founded.name,
        brand=words.get(present.brand, ""),
        colour=present.colour,
        zone=present.zone,
        simulation=founded.simulation,
        partitions=desk.streams.site.partitions,
    )
