"""Ideas: raise, edit, withdraw, support, comment."""

from contextlib import suppress
from typing import Any, LiteralString

import msgspec

from fanfare.campaigns.refusals import RoundNotFound
from fanfare.ideas import decide
from fanfare.ideas.decide import IdeaNow
from fanfare.ideas.refusals import IdeaNotFound
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.refusals import Refusal
from fanfare.record.campaigns import Campaign
from fanfare.record.ideas import CommentMade, IdeaEdited, IdeaRaised, IdeaSupported, IdeaWithdrawn, SupportWithdrawn
from fanfare.record.kinds import Event
from fanfare.views import ideas as view

# Of one fan and idea each press has its own number, in the order of the presses, whichever process took them.
NEXT_PRESS: LiteralString = """
    insert into desk.papers values (%s, %s, 1, %s, '') on conflict (round, voter) do update set number = papers.number + 1
    returning number
"""


class Words(msgspec.Struct, frozen=True):
    """An idea in words."""

    title: str
    body: str
    tags: str
    """Separated by commas."""

    def checked(self) -> "Words":
        """
        Return the words as they will be kept.

        Raises:
            TextRefused: a field is empty, too long or has characters that cannot be seen.
        """
        return Words(
            texts.checked(self.title, "title", texts.TITLE),
            texts.checked(self.body, "text", texts.BODY, lines=True),
            texts.tags(self.tags),
        )


class Ideas:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Write through *desk*."""
        self._desk = desk

    async def _open_round(self, round_id: str) -> Campaign:
        """
        Return the campaign of a round that takes ideas and support now.

        What this process has read is enough for a yes, since the fold has the last word on what came too late; before a no it
        reads up to the head. Reading each time would line up all who press at once.

        Raises:
            RoundNotFound, NoIdeasNow, RoundNotOpen, RoundPausedNow.
        """
        if known := self._desk.streams.round(round_id):
            with suppress(Refusal):
                decide.takes_ideas(known[1], self._desk.now)
                return known[0]
        await self._desk.catch_up()
        known = self._desk.streams.round(round_id)
        if known is None:
            raise RoundNotFound
        decide.takes_ideas(known[1], self._desk.now)
        return known[0]

    async def find(self, idea: str) -> dict[str, Any]:
        """
        Return an idea by the names in ``fanfare.views.ideas.FIELDS``.

        Raises:
            IdeaNotFound: there is none, or it has not been read yet.
        """
        async with self._desk.pool.connection() as connection:
            found = await view.one(connection, idea)
        if found is None:
            raise IdeaNotFound
        return found

    async def _now(self, idea: str) -> tuple[IdeaNow, str]:
        found = await self.find(idea)
        return IdeaNow(idea, found["author"], found["version"], found["withdrawn"], found["frozen"]), found["round"]

    async def raise_idea(self, round_id: str, asked: Asked, words: Words) -> tuple[str, Acknowledged]:
        """
        Raise an idea in a round of ideas and return its id. The same request twice raises one.

        Raises:
            RoundNotFound, NoIdeasNow, RoundNotOpen, RoundPausedNow, TextRefused, KeyReused, Busy.
        """
        words = words.checked()
        idea = asked.event_id(self._desk.vault_key)[:16]
        if done := await requests.earlier(self._desk.pool, asked):
            return idea, done
        campaign = await self._open_round(round_id)
        title, body, tags = await self._keep(words, asked.actor)
        event = IdeaRaised(idea=idea, campaign=campaign.id, round=round_id, by=asked.actor, title=title, body=body, tags=tags)
        return idea, await self._publish(asked, event, idea)

    async def edit(self, idea: str, asked: Asked, version: int, words: Words) -> Acknowledged:
        """
        Write the version after *version*.

        Raises:
            IdeaNotFound, NotYourIdea, IdeaWasWithdrawn, IdeaFrozen, IdeaChanged, TextRefused, KeyReused, Busy.
        """
        words = words.checked()
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, _ = await self._now(idea)
        decide.change(state, asked.actor, version)
        title, body, tags = await self._keep(words, asked.actor)
        event = IdeaEdited(idea=idea, version=version + 1, by=asked.actor, title=title, body=body, tags=tags)
        return await self._publish(asked, event, idea)

    async def withdraw(self, idea: str, asked: Asked) -> Acknowledged:
        """Take an idea back. Raises: IdeaNotFound, NotYourIdea, IdeaWasWithdrawn, IdeaFrozen, KeyReused, Busy."""
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, _ = await self._now(idea)
        decide.change(state, asked.actor)
        return await self._publish(asked, IdeaWithdrawn(idea=idea, by=asked.actor), idea)

    async def support(self, idea: str, asked: Asked, *, supports: bool) -> Acknowledged:
        """
        Support an idea, or no longer. What she pressed last counts.

        Raises:
            IdeaNotFound, IdeaWasWithdrawn, RoundNotOpen, RoundPausedNow, KeyReused, Busy.
        """
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, round_id = await self._now(idea)
        decide.press(state)
        await self._open_round(round_id)
        async with self._desk.pool.connection() as connection:
            row = await (await connection.execute(NEXT_PRESS, (idea, asked.actor, asked.key))).fetchone()
        number = row[0] if row else 1
        kind = IdeaSupported if supports else SupportWithdrawn
        return await self._publish(asked, kind(idea=idea, by=asked.actor, number=number), idea)

    async def comment(self, idea: str, asked: Asked, text: str) -> Acknowledged:
        """Write under an idea. Raises: IdeaNotFound, IdeaWasWithdrawn, TextRefused, KeyReused, Busy."""
        text = texts.checked(text, "comment", texts.BODY // 2, lines=True)
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, _ = await self._now(idea)
        decide.press(state)
        async with self._desk.pool.connection() as connection:
            hashes = await texts.keep(connection, [text], asked.actor)
        comment = asked.event_id(self._desk.vault_key)[:16]
        return await self._publish(asked, CommentMade(comment=comment, idea=idea, by=asked.actor, text=hashes[text]), idea)

    async def _keep(self, words: Words, member: str) -> tuple[str, str, str]:
        async with self._desk.pool.connection() as connection:
            hashes = await texts.keep(connection, (words.title, words.body, words.tags), member)
        return hashes[words.title], hashes[words.body], hashes[words.tags]

    async def _publish(self, asked: Asked, event: Event, subject: str) -> Acknowledged:
        done = await self._desk.publish(asked, [event], subject)
        return await requests.finished(self._desk.pool, asked, done)
