"""The public API as the simulation uses it: one loop, kept connections, bounded concurrency, and a count of every answer."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2
import msgspec

MOST_AT_ONCE = 12
Body = dict[str, Any]
"""A JSON object, as the API documents it."""
_PAUSES_S = (0.25, 0.5, 1.0, 2.0)


class SiteSilent(Exception):
    """The site gave no usable answer, five times in a row."""


class Told(msgspec.Struct, frozen=True):
    """An answer."""

    status: int
    body: Any
    position: str = ""
    """Where a write stands in the record."""

    @property
    def done(self) -> bool:
        """Tell whether it took effect."""
        return self.status < 300

    @property
    def code(self) -> str:
        """Return the stable code of a refusal, empty for an answer that is none."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) and not self.done else ""


def http_client(url: str, transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """Return a connection pool to a site. It keeps no cookies, since all fans share it."""
    return httpx2.AsyncClient(
        base_url=url,
        transport=transport,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        limits=httpx2.Limits(max_connections=MOST_AT_ONCE + 4, max_keepalive_connections=MOST_AT_ONCE + 4, keepalive_expiry=4.0),
        timeout=httpx2.Timeout(10.0),
        trust_env=False,
    )


class Client:
    """Speaks for everybody of the simulation. Owned by one event loop."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        """Speak over *http*."""
        self._http = http
        self.answers: Counter[str] = Counter()
        """How often what was answered how, such as “support 200” or “ballot 409 round-not-open”."""

    async def ask(
        self, what: str, method: str, path: str, token: str = "", *, json: object = None, key: str = "", wait: str = ""
    ) -> Told:
        """
        Send a request, again while the site is busy, and return its answer.

        Args:
            what: how it is counted.
            key: the Idempotency-Key; with it the same request may be sent as often as needed.
            wait: a position that the site shall have read before.

        Raises:
            SiteSilent: no connection, or too busy for four seconds.
        """
        headers = _headers(token, key, wait)
        content = None if json is None else msgspec.json.encode(json)
        for pause_s in (*_PAUSES_S, None):
            told = await self._once(method, path, headers, content)
            self.answers[f"{what} {told.status if told else 'no answer'} {told.code if told else ''}".strip()] += 1
            if told is not None and told.status != 503:
                return told
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        raise SiteSilent(f"{method} {path}")

    async def must(
        self, what: str, method: str, path: str, token: str = "", *, json: object = None, key: str = "", wait: str = ""
    ) -> Told:
        """Send what has to take effect. Raises: SiteSilent: it was refused, or nobody answered."""
        told = await self.ask(what, method, path, token, json=json, key=key, wait=wait)
        if not told.done:
            raise SiteSilent(f"{method} {path} was refused: {told.status} {told.body}")
        return told

    async def _once(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Told | None:
        try:
            answer = await self._http.request(method, path, headers=headers, content=content)
        except httpx2.TransportError:
            return None
        kind = answer.headers.get("content-type", "")
        body = msgspec.json.decode(answer.content) if "json" in kind and answer.content else None
        return Told(answer.status_code, body, answer.headers.get("fanfare-position", ""))


def _headers(token: str, key: str, wait: str) -> Mapping[str, str]:
    given = {
        "Authorization": f"Bearer {token}" if token else "",
        "Idempotency-Key": key,
        "Fanfare-Wait": wait,
        "Content-Type": "application/json",
    }
    return {name: value for name, value in given.items() if value}
