"""Looking for traces of a person: in tables, statistics, logs, pages and archives, in every spelling that we can think of."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

import httpx2
import psycopg
from psycopg import sql

from tests.site_fixture import SiteUnderTest

HREF = re.compile(r'(?:href|action|src|data-stream)="(/[^"#]*)')
LIVE = re.compile(r"/live\b")
"""Streams do not end; what they send is a partial of pages that are read."""
_SHORTEST = 6
"""So many given letters, in either case, stand in Base64 of random bytes about once in a thousand million places."""


def spellings(needle: str) -> set[bytes]:
    """
    Return how a text can stand somewhere: as it is, in hexadecimal, in Base64 at each of three places, percent-encoded.

    Raises:
        ValueError: it is so short that signatures and random numbers have a spelling of it by chance.
    """
    raw = needle.encode()
    found = {raw, raw.hex().encode(), quote(needle, safe="").encode(), needle.encode("utf-16-le")}
    for shift in range(3):  # whatever stands around it, these digits of its Base64 do not change
        coded = base64.b64encode(b"\0" * shift + raw)
        found.add(coded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6])
    if min(map(len, found)) < _SHORTEST:
        raise ValueError(f"{needle} is too short to be looked for")
    return {each.lower() for each in found}


def traces(haystack: bytes, needles: Iterable[str]) -> list[str]:
    """Return which of *needles* are there, in any spelling and case."""
    lower = haystack.lower()
    return [needle for needle in needles if any(each in lower for each in spellings(needle))]


def in_database(conninfo: str, needles: Iterable[str]) -> dict[str, list[str]]:
    """Return the tables of every schema in which one of *needles* stands, with those; bytes are searched as bytes too."""
    wanted, found = list(needles), {}
    with psycopg.connect(conninfo, autocommit=True) as connection:
        tables = connection.execute(
            """select nspname, relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
                where relkind in ('r', 'm', 'p', 'S') and (nspname not in ('pg_catalog', 'information_schema') or
                      relname in ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_description'))"""
        ).fetchall()
        for schema, table in tables:
            statement = sql.SQL("copy (select * from {}) to stdout").format(sql.Identifier(schema, table))
            with connection.cursor().copy(statement) as rows:
                written = b"".join(bytes(row) for row in rows)
            decoded = b"\n".join(bytes.fromhex(each.decode()) for each in re.findall(rb"\\\\x((?:[0-9a-f]{2})+)", written))
            if there := traces(written + b"\n" + decoded, wanted):
                found[f"{schema}.{table}"] = there
    return found


async def on_pages(reader: httpx2.AsyncClient, starts: Iterable[str], needles: Iterable[str]) -> tuple[int, dict[str, list[str]]]:
    """Follow every link from *starts* and return how many pages were read, and where one of *needles* stands."""
    wanted, waiting, seen, found = list(needles), list(starts), set(), {}
    while waiting:
        path = waiting.pop()
        if path in seen or LIVE.search(path) or path.startswith("/static/"):
            continue
        seen.add(path)
        answer = await reader.get(path)
        assert answer.status_code < 500, (path, answer.text)
        if there := traces(answer.content + repr(answer.headers).encode(), wanted):
            found[path] = there
        links = HREF.findall(answer.text) if "text/html" in answer.headers.get("content-type", "") else []
        waiting += [link.replace("&amp;", "&") for link in links]
    return len(seen), found


async def of_api(site: SiteUnderTest, ids: dict[str, str]) -> list[str]:
    """Return the address of every answer that the API gives to GET, with these ids in the places of its parameters."""
    described = (await site.stranger.get("/api/v1/openapi.json")).json()
    templates = [path for path, methods in described["paths"].items() if "get" in methods and not LIVE.search(path)]
    return [re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], "unknown0"), each) for each in templates]
