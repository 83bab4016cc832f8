"""Ideas: raise, edit, withdraw, support, comment."""

from contextlib import suppress
from typing import Any, TypedDict

import msgspec

from fanfare.campaigns.refusals import RoundNotFound
from fanfare.ideas import decide
from fanfare.ideas.decide import IdeaNow
from fanfare.ideas.refusals import IdeaNotFound
from fanfare.pictures import keeping
from fanfare.pictures.refusals import TooManyPictures
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Refusal
from fanfare.platform.turns import next_turn
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.ideas import (
    MOST_PICTURES,
    CommentMade,
    IdeaEdited,
    IdeaRaised,
    IdeaSupported,
    IdeaWithdrawn,
    Picture,
    SupportWithdrawn,
)
from fanfare.record.kinds import Event
from fanfare.views import ideas as view
from fanfare.voting import electing


class Described(msgspec.Struct, frozen=True):
    """A picture that was sent, and what it shows in words."""

    picture: str
    words: str


class Words(msgspec.Struct, frozen=True):
    """An idea in words, and its pictures."""

    title: str
    body: str
    tags: str
    """Separated by commas."""
    pictures: tuple[Described, ...] = ()

    def checked(self) -> "Words":
        """
        Return the words as they will be kept.

        Raises:
            TextRefused: a field is empty, too long or has characters that cannot be seen.
            TooManyPictures.
        """
        if len(self.pictures) > MOST_PICTURES:
            raise TooManyPictures
        return Words(
            texts.checked(self.title, marked("title"), texts.TITLE),
            texts.checked(self.body, marked("text"), texts.BODY, lines=True),
            texts.tags(self.tags),
            tuple(
                Described(
                    each.picture,
                    texts.checked(each.words, f"description of picture {number}", texts.LINE, said=_pictured(number)),
                )
                for number, each in enumerate(self.pictures, 1)
            ),
        )


class _Kept(TypedDict):
    title: str
    body: str
    tags: str
    pictures: tuple[Picture, ...]


class Ideas:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Write through *desk*."""
        self._desk = desk

    async def _open_round(self, round_id: str, member: str) -> Campaign:
        """
        Return the campaign of a round that takes ideas and support of a member now.

        What this process has read is enough for a yes, since the fold has the last word on what came too late; before a no it
        reads up to the head. Reading each time would line up all who press at once.

        Raises:
            RoundNotFound, NoIdeasNow, RoundNotOpen, RoundPausedNow, NotInElectorate, NotYetThere.
        """
        campaign, found = await self._taking(round_id)
        await electing.demand(self._desk, found, member)
        return campaign

    async def _taking(self, round_id: str) -> tuple[Campaign, Round]:
        if known := self._desk.streams.round(round_id):
            with suppress(Refusal):
                decide.takes_ideas(known[1], self._desk.now)
                return known
        await self._desk.catch_up()
        known = self._desk.streams.round(round_id)
        if known is None:
            raise RoundNotFound
        decide.takes_ideas(known[1], self._desk.now)
        return known

    async def find(self, idea: str, *, unveiled: bool = False) -> dict[str, Any]:
        """
        Return an idea by the names in ``fanfare.views.ideas.FIELDS``; where it is hidden, with its words only if *unveiled*.

        Raises:
            IdeaNotFound: there is none, or it has not been read yet.
        """
        async with self._desk.pool.connection() as connection:
            found = await view.one(connection, idea, unveiled=unveiled)
        if found is None:
            raise IdeaNotFound
        return found

    async def _now(self, idea: str) -> tuple[IdeaNow, str]:
        found = await self.find(idea)
        state = IdeaNow(idea, found["author"], found["version"], found["withdrawn"], found["frozen"], found["hidden"])
        return state, found["round"]

    async def raise_idea(self, round_id: str, asked: Asked, words: Words) -> tuple[str, Acknowledged]:
        """
        Raise an idea in a round of ideas and return its id. The same request twice raises one.

        Raises:
            RoundNotFound, NoIdeasNow, RoundNotOpen, RoundPausedNow, TextRefused, TooManyPictures, PictureNotFound, KeyReused,
            Busy.
        """
        words = words.checked()
        idea = asked.event_id(self._desk.vault_key)[:16]
        if done := await requests.earlier(self._desk.pool, asked):
            return idea, done
        campaign = await self._open_round(round_id, asked.actor)
        kept = await self._keep(words, asked.actor)
        event = IdeaRaised(idea=idea, campaign=campaign.id, round=round_id, by=asked.actor, **kept)
        return idea, await self._publish(asked, event, idea)

    async def edit(self, idea: str, asked: Asked, version: int, words: Words) -> Acknowledged:
        """
        Write the version after *version*.

        Raises:
            IdeaNotFound, NotYourIdea, IdeaWasWithdrawn, IdeaFrozen, IdeaChanged, TextRefused, TooManyPictures,
            PictureNotFound, KeyReused, Busy.
        """
        words = words.checked()
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, __ = await self._now(idea)
        decide.change(state, asked.actor, version)
        event = IdeaEdited(idea=idea, version=version + 1, by=asked.actor, **await self._keep(words, asked.actor))
        return await self._publish(asked, event, idea)

    async def withdraw(self, idea: str, asked: Asked) -> Acknowledged:
        """Take an idea back. Raises: IdeaNotFound, NotYourIdea, IdeaWasWithdrawn, IdeaFrozen, KeyReused, Busy."""
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, __ = await self._now(idea)
        decide.change(state, asked.actor)
        return await self._publish(asked, IdeaWithdrawn(idea=idea, by=asked.actor), idea)

    async def support(self, idea: str, asked: Asked, *, supports: bool) -> Acknowledged:
        """
        Support an idea, or no longer. What she pressed last counts.

        Raises:
            IdeaNotFound, IdeaWasWithdrawn, RoundNotOpen, RoundPausedNow, TurnsSpent, KeyReused, Busy.
        """
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, round_id = await self._now(idea)
        decide.press(state)
        await self._open_round(round_id, asked.actor)
        async with self._desk.pool.connection() as connection:
            number = await next_turn(connection, idea, asked.actor, asked.event_id(self._desk.vault_key))
        kind = IdeaSupported if supports else SupportWithdrawn
        return await self._publish(asked, kind(idea=idea, by=asked.actor, number=number), idea)

    async def comment(self, idea: str, asked: Asked, text: str) -> Acknowledged:
        """Write under an idea. Raises: IdeaNotFound, IdeaWasWithdrawn, TextRefused, KeyReused, Busy."""
        text = texts.checked(text, marked("comment"), texts.BODY // 2, lines=True)
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state, __ = await self._now(idea)
        decide.press(state)
        async with self._desk.pool.connection() as connection:
            hashes = await texts.keep(connection, [text], asked.actor)
        comment = asked.event_id(self._desk.vault_key)[:16]
        return await self._publish(asked, CommentMade(comment=comment, idea=idea, by=asked.actor, text=hashes[text]), idea)

    async def _keep(self, words: Words, member: str) -> _Kept:
        """Keep the words, and return what the event says of them. Raises: PictureNotFound."""
        async with self._desk.pool.connection() as connection:
            await keeping.check(connection, [each.picture for each in words.pictures], member)
            hashes = await texts.keep(connection, (words.title, words.body, words.tags), member)
            # Each under a salt of its own, since it goes with its picture, and with nothing else.
            said = [(each.picture, await texts.keep(connection, [each.words], member)) for each in words.pictures]
        pictures = tuple(Picture(picture=picture, words=hash_) for picture, kept in said for hash_ in kept.values())
        return {"title": hashes[words.title], "body": hashes[words.body], "tags": hashes[words.tags], "pictures": pictures}

    async def _publish(self, asked: Asked, event: Event, subject: str) -> Acknowledged:
        done = await self._desk.publish(asked, [event], subject)
        return await requests.finished(self._desk.pool, asked, done)


def _pictured(number: int) -> str:
    return _("description of picture %(number)s", number=number)
