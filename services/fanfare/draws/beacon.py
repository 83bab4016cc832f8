"""Fetching a beacon's value from drand's mirrors: bounded in size and time, one after the other, and believed only if signed."""

import asyncio
import hashlib
from collections.abc import Sequence

import httpx2
import msgspec

from fanfare.lots.beacon import fault
from fanfare.record.draws import DrandRound

LARGEST_BYTES = 4096
"""An answer has about 300."""
_TIMEOUT_S = 8.0


class BeaconAway(Exception):
    """No mirror gave the value: each is named, with what it gave instead."""


class Value(msgspec.Struct, frozen=True):
    """A beacon's value, checked."""

    randomness: str
    signature: str


class _Answer(msgspec.Struct):
    round: int
    signature: str


class Drand:
    """Asks mirrors for the values of rounds. Keeps nothing."""

    def __init__(self, urls: Sequence[str], timeout_s: float = _TIMEOUT_S) -> None:
        """Ask these base URLs in their order, each no longer than *timeout_s*."""
        self._urls = [each.strip().rstrip("/") for each in urls if each.strip()]
        self._timeout_s = timeout_s

    async def value(self, draw: str, beacon: DrandRound) -> Value:
        """
        Return the value of the round that a draw named, whose signature was checked.

        Raises:
            BeaconAway: no mirror has it, or none gave the right one. It may be asked for again.
        """
        why = []
        async with httpx2.AsyncClient(timeout=self._timeout_s, follow_redirects=False) as client:
            for url in self._urls:
                try:
                    async with asyncio.timeout(self._timeout_s):
                        found = await _fetch(client, f"{url}/{beacon.chain}/public/{beacon.round}", beacon.round)
                except (BeaconAway, httpx2.HTTPError, TimeoutError) as error:
                    why.append(f"{url}: {str(error) or type(error).__name__}")
                    continue
                # It takes a third of a second, in which the worker goes on with everything else.
                wrong = await asyncio.to_thread(fault, draw, beacon, found.randomness, found.signature)
                if not wrong:
                    return found
                why.append(f"{url}: {wrong}")
        raise BeaconAway("; ".join(why) or "no mirror is set")


async def _fetch(client: httpx2.AsyncClient, url: str, number: int) -> Value:
    body = b""
    async with client.stream("GET", url, headers={"Accept": "application/json"}) as answer:
        if answer.status_code != 200:
            raise BeaconAway(f"answered {answer.status_code}")
        async for chunk in answer.aiter_bytes(LARGEST_BYTES):
            body += chunk
            if len(body) > LARGEST_BYTES:
                raise BeaconAway("answered more than a value has")
    try:
        found = msgspec.json.decode(body, type=_Answer)
        signed = bytes.fromhex(found.signature)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BeaconAway(f"answered something else than a value: {str(error)[:100]}") from error
    if found.round != number:
        raise BeaconAway(f"answered round {found.round}")
    return Value(hashlib.sha256(signed).hexdigest(), found.signature.lower())
