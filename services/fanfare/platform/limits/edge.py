"""Where limits hold: for networks before anything is read, for members at their session, the rest where a route asks."""

from collections.abc import Callable, MutableMapping
from math import ceil
from time import monotonic
from typing import Any

import msgspec
from fastapi import Request, Response
from psycopg_pool import AsyncConnectionPool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanfare.platform.caller import Authenticate, Caller
from fanfare.platform.desk import Desk
from fanfare.platform.limits.caps import Caps
from fanfare.platform.limits.clients import Proxies, networks
from fanfare.platform.limits.meter import Meter
from fanfare.platform.limits.refusals import TooManyRequests, too_many
from fanfare.platform.limits.rules import READS, REQUESTS, RULES, Rule, rules_of
from fanfare.platform.settings import Settings

Answer = Callable[[Request, TooManyRequests], Response]
"""Makes a problem or a page of a refusal, without asking the database."""
NETWORK, COUNTED, CLAIMED, WAIT = "limits_network", "limits_counted", "limits_claimed", "limits_wait_s"
"""What a request's state knows: whose it is, that it was counted, under which hard rules, how long she has to wait."""


class Limits:
    """The meters and caps of this process. Owned by one event loop; found as ``app.state.limits``."""

    def __init__(self, settings: Settings) -> None:
        """
        Keep the limits that *settings* leave on.

        Raises:
            ProxiesWrong: the proxies are no addresses.
        """
        self.proxies = Proxies(networks(settings.trusted_proxies))
        requests = msgspec.structs.replace(REQUESTS, most=settings.requests_per_address * REQUESTS.per_s)
        rules = [requests if each is REQUESTS else each for each in RULES]
        self.meters = {each.name: Meter(each) for each in rules if not each.hard}
        self._caps: Caps | None = None

    def begin(self, pool: AsyncConnectionPool, vault_key: bytes) -> None:
        """Count hard rules through *pool* from now on."""
        self._caps = Caps(pool, vault_key)

    def of_network(self, scope: Scope) -> tuple[Rule, float] | None:
        """Return the rule that the network of a request is over, with the seconds to wait; none lets it pass."""
        network = self.proxies.network(scope)
        scope.setdefault("state", {})[NETWORK] = network
        if not network:
            return None
        now = monotonic()
        rules = rules_of(scope["method"], scope["path"]) if scope["method"] in READS else ()
        for rule in (REQUESTS, *rules):
            if wait_s := self.meters[rule.name].take(network, now):
                return rule, wait_s
        return None

    def counting(self, authenticate: Authenticate, desk: Desk) -> Authenticate:
        """
        Return *authenticate* with the limits of members behind it: a write counts once, whoever asks again who sent it.

        On a simulation members are programs, and nobody is limited but by network.
        """

        async def counted(request: Request) -> Caller | None:
            found = await authenticate(request)
            founded = desk.streams.site.founded
            if found is None or request.method in READS or (founded and founded.simulation):
                return found
            state = request.scope.setdefault("state", {})
            if COUNTED not in state:
                state[COUNTED] = True
                for rule in rules_of(request.method, request.scope["path"]):
                    if rule.hard:
                        await self.claim(request, rule, found.member)
                    elif wait_s := self.meters[rule.name].take(found.member, monotonic()):
                        raise _refused(state, rule, wait_s)
            return found

        return counted

    async def claim(self, request: Request, rule: Rule, subject: str = "") -> None:
        """
        Count one of *subject* under a hard rule; what the request is refused for in the end does not count.

        Args:
            subject: a member or a mailbox; the network of the request, where the rule is about those.

        Raises:
            TooManyRequests: it is over the rule.
        """
        state = request.scope.setdefault("state", {})
        subject = state.get(NETWORK, "") if rule.of == "address" else subject
        if not subject or self._caps is None:
            return
        desk: Desk = request.app.state.desk
        if wait_s := await self._caps.claim(rule, subject, desk.now):
            raise _refused(state, rule, wait_s)
        state.setdefault(CLAIMED, []).append((rule, subject))

    async def passes(self, request: Request, rule: Rule, subject: str = "") -> bool:
        """Count one of *subject* under a hard rule and tell whether that was within it; a refused request does not count."""
        state = request.scope.setdefault("state", {})
        subject = state.get(NETWORK, "") if rule.of == "address" else subject
        if not subject or self._caps is None:
            return True
        desk: Desk = request.app.state.desk
        if await self._caps.claim(rule, subject, desk.now):
            return False
        state.setdefault(CLAIMED, []).append((rule, subject))
        return True

    async def give_back(self, request: Request, rule: Rule) -> None:
        """Take one off what the network of a request has under *rule*."""
        network = request.scope.get("state", {}).get(NETWORK, "")
        if network and self._caps is not None:
            desk: Desk = request.app.state.desk
            await self._caps.give_back(rule, network, desk.now)

    async def undo(self, scope: Scope) -> None:
        """Give back what a request claimed that was refused."""
        for rule, subject in scope["state"].pop(CLAIMED, ()):
            if self._caps is not None:
                await self._caps.give_back(rule, subject, scope["app"].state.desk.now)


def _refused(state: MutableMapping[str, Any], rule: Rule, wait_s: float) -> TooManyRequests:
    state[WAIT] = max(1, ceil(wait_s))
    return too_many(rule, state[WAIT])


class LimitsGuard:
    """Turns floods away before they cost anything, and sees to it that whoever has to wait is told how long."""

    def __init__(self, app: ASGIApp, limits: Limits, answer: Answer) -> None:
        """Guard *app*; *answer* makes the response to a network that is over a rule."""
        self._app = app
        self._limits = limits
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 429 or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        over = self._limits.of_network(scope)
        if over is not None:
            response = self._answer(Request(scope, receive), _refused(scope["state"], *over))
            response.headers["Retry-After"] = str(scope["state"][WAIT])
            await response(scope, receive, send)
        elif scope["method"] in READS:
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, self._noting(scope, send))

    def _noting(self, scope: Scope, send: Send) -> Send:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                if WAIT in scope["state"]:
                    MutableHeaders(scope=message)["Retry-After"] = str(scope["state"][WAIT])
                if CLAIMED in scope["state"]:
                    await self._limits.undo(scope)
            await send(message)

        return noting
