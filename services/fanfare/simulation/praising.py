"""What the simulated people do for each other, beside the rules: a draw, a circle, kudos, and whatever the winner gets."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random

import msgspec

from fanfare.simulation import corpus
from fanfare.simulation.client import Body, Client, SiteSilent
from fanfare.simulation.hosting import whole
from fanfare.simulation.scene import Scene

ENTRANTS, SHOWN_H = 60, 24
PRAISING = 12


class Praising:
    """Speaks for the host and for fans. What is refused here is counted by the client and keeps nobody from voting."""

    def __init__(self, client: Client, scene: Scene, host_token: str) -> None:
        """Praise through *client*."""
        self._client = client
        self._tokens = scene.tokens
        self._host = host_token
        self._rng = Random("praise")

    async def announce_spotlight(self, campaign: str, closes_in_s: int) -> None:
        """Announce a draw of the front page, drawn by the simulated beacon, and let some fans enter."""
        words = msgspec.to_builtins(corpus.praise().spotlight)
        form = words | {
            "purpose": "spotlight",
            "shown_h": SHOWN_H,
            "reserves": 2,
            "closes_at": (whole(0) + timedelta(seconds=closes_in_s)).isoformat(),
            "campaign": campaign,
            "beacon": "simulated",
        }
        told = await self._client.ask("draw", "POST", "/api/v1/draws", self._host, json=form, key=f"draw {campaign}")
        if not told.done:
            return
        for token in self._rng.sample(self._tokens, min(ENTRANTS, len(self._tokens))):
            path = f"/api/v1/draws/{told.body['id']}/entry"
            await self._client.ask("entry", "PUT", path, token, key="entry", wait=told.position)

    async def praise(self, ideas: Sequence[str]) -> None:
        """Give kudos to those whose ideas went on: the host one each of the first, some fans one."""
        authors = [await self._author(each) for each in ideas]
        givers = [self._host, *self._rng.sample(self._tokens, min(PRAISING, len(self._tokens)))]
        kudos = corpus.praise().kudos
        for number, token in enumerate(givers):
            idea, author = ideas[number % len(ideas)], authors[number % len(ideas)]
            words = number % len(kudos)  # in the key, too: who is drawn again in a later round may say something else
            form = {"words": kudos[words], "about": idea}
            path = f"/api/v1/members/{author}/kudos"
            await self._client.ask("kudos", "POST", path, token, json=form, key=f"kudos {idea} {words}")

    async def open_circle(self, campaign: str) -> None:
        """Open a circle for those whom the rules lift into their second tier."""
        rule = next(each for each in corpus.rules() if each.earns["kind"] == "tier")
        form = corpus.praise().circle | {"tier": {"rule": rule.rule, "level": 2}}
        await self._host_does("circle", "/api/v1/circles", form, campaign)

    async def honour_winner(self, round_id: str) -> None:
        """Give whoever raised the idea that a round chose a title, a thank-you, and something to take home."""
        with suppress(SiteSilent):  # counted by the client
            board: Body = (await self._client.must("leaderboard", "GET", f"/api/v1/rounds/{round_id}/leaderboard")).body
            idea = next((each["option"] for each in board["places"] if each["advances"]), None)
            if idea is not None:
                await self._honour(await self._author(idea), idea)

    async def _honour(self, author: str, idea: str) -> None:
        words = corpus.praise()
        title = {"member": author, "words": words.title, "reason": words.reason, "because": [idea]}
        await self._host_does("title", "/api/v1/recognition/titles", title, idea)
        await self._host_does("thanks", "/api/v1/thanks", words.thanks | {"members": [author]}, idea)
        reward = words.reward | {"kind": "thing", "stock": 1, "answer_h": 336, "sent": True}
        reason = reward.pop("reason")
        if added := await self._host_does("reward", "/api/v1/rewards", reward, idea):
            offer = {"member": author, "reason": reason, "because": [idea]}
            await self._host_does("offer", f"/api/v1/rewards/{added['id']}/offers", offer, idea)

    async def _host_does(self, what: str, path: str, form: Body, about: str) -> Body | None:
        """Return the answer; none where it was refused."""
        told = await self._client.ask(what, "POST", path, self._host, json=form, key=f"{what} {about}")
        return told.body if told.done else None

    async def _author(self, idea: str) -> str:
        found: Body = (await self._client.must("idea", "GET", f"/api/v1/ideas/{idea}")).body
        return str(found["author"])
