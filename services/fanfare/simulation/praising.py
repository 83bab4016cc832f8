"""What the simulated people do for each other, beside the rules: a draw of the front page, kudos, and a title for who won."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import msgspec

from fanfare.simulation import corpus
from fanfare.simulation.client import Body, Client
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
            form = {"words": kudos[number % len(kudos)], "about": idea}
            path = f"/api/v1/members/{author}/kudos"
            await self._client.ask("kudos", "POST", path, token, json=form, key=f"kudos {idea}")

    async def name_winner(self, round_id: str) -> None:
        """Give a title to whoever raised the idea that a round chose."""
        board: Body = (await self._client.must("leaderboard", "GET", f"/api/v1/rounds/{round_id}/leaderboard")).body
        idea = next((each["option"] for each in board["places"] if each["advances"]), None)
        if idea is None:
            return
        words = corpus.praise()
        form = {"member": await self._author(idea), "words": words.title, "reason": words.reason, "because": [idea]}
        await self._client.ask("title", "POST", "/api/v1/recognition/titles", self._host, json=form, key=f"title {idea}")

    async def _author(self, idea: str) -> str:
        found: Body = (await self._client.must("idea", "GET", f"/api/v1/ideas/{idea}")).body
        return str(found["author"])
