"""Each act of the plan as requests to the public API. A refusal is an answer; the fan shrugs, as fans do."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from fanfare.simulation import corpus
from fanfare.simulation.client import Client, Told
from fanfare.simulation.hosting import Host
from fanfare.simulation.plan import AnyAct, Bring, Comment, Edit, Extend, Raise, Support, Unsupport, Vote, Withdraw
from fanfare.simulation.scene import Scene
from fanfare.simulation.tastes import Flavour, tick

ANSWER_AFTER_S = 2.5
LABEL_WHIM = 1.2


class Ballot(msgspec.Struct, frozen=True):
    """What is on the paper of a round; in a round of ideas there is none."""

    round: str
    options: tuple[str, ...] = ()
    flavours: tuple[Flavour, ...] = ()
    most: int = 1
    whim: float = 0.6


Later = Callable[[float, Callable[[], Awaitable[Told]]], None]
"""Has something done in so many seconds."""


class Acting:
    """Carries acts out. Owned by one event loop."""

    def __init__(self, client: Client, scene: Scene, host: Host, later: Later) -> None:
        """Act in *scene*; what follows an act in a moment is handed to *later*."""
        self._client = client
        self._scene = scene
        self._host = host
        self._later = later

    async def do(self, act: AnyAct, ballot: Ballot, key: str) -> Told | None:
        """Carry an act out under its *key* and return the answer; none where there was nothing to do."""
        match act:
            case Raise(fan=fan, idea=place):
                return await self._raise(ballot.round, fan, place, key)
            case Edit(idea=place, line=line):
                return await self._edit(place, line, key)
            case Withdraw(idea=place):
                return await self._withdraw(place, key)
            case Support():
                return await self._support(act, key)
            case Unsupport(fan=fan):
                return await self._unsupport(fan, key)
            case Comment(fan=fan, mood=mood):
                return await self._comment(fan, mood, key)
            case Bring():
                return await self._bring(act, key)
            case Vote():
                return await self._vote(act, ballot, key)
            case Extend(by_s=by_s):
                return await self._host.extend(ballot.round, by_s)

    async def _raise(self, round_id: str, fan: int, place: int, key: str) -> Told:
        text = corpus.ideas()[place]
        form = {"title": text.title, "body": text.body, "tags": ", ".join(text.tags)}
        path = f"/api/v1/rounds/{round_id}/ideas"
        told = await self._client.ask("idea", "POST", path, self._scene.tokens[fan], json=form, key=key)
        if told.done:
            self._scene.raised(place, fan, told.body["id"], told.position)
        return told

    async def _edit(self, place: int, line: int, key: str) -> Told | None:
        mine, text = self._scene.author_of(place), corpus.ideas()[place]
        if mine is None or mine.author is None:
            return None
        form = {
            "title": text.title,
            "body": f"{text.body}\n\n{corpus.campaigns().edits[line]}",
            "tags": ", ".join(text.tags),
            "version": mine.version,
        }
        path, token = f"/api/v1/ideas/{mine.id}", self._scene.tokens[mine.author]
        told = await self._client.ask("edit", "PUT", path, token, json=form, key=key, wait=mine.position)
        mine.version += told.done
        return told

    async def _withdraw(self, place: int, key: str) -> Told | None:
        mine = self._scene.author_of(place)
        if mine is None or mine.author is None:
            return None
        mine.withdrawn = True
        path, token = f"/api/v1/ideas/{mine.id}", self._scene.tokens[mine.author]
        return await self._client.ask("withdraw", "DELETE", path, token, key=key, wait=mine.position)

    async def _support(self, act: Support, key: str) -> Told | None:
        liked = self._scene.wanted(act.fan, act.mood, new_to_her=True)
        if liked is None:
            return None
        self._scene.supported[act.fan].append(liked.id)
        path, token = f"/api/v1/ideas/{liked.id}/support", self._scene.tokens[act.fan]
        # To support once or ten times is the same, so only she who sends it twice needs a key, and the site has less to remember.
        told = await self._client.ask("support", "PUT", path, token, key=key if act.again else "", wait=liked.position)
        if told.done and act.again:
            await self._client.ask("support again", "PUT", path, token, key=key)
        if not told.done:
            self._scene.supported[act.fan].remove(liked.id)
        liked.followers += told.done
        return told

    async def _unsupport(self, fan: int, key: str) -> Told | None:
        if not self._scene.supported[fan]:
            return None
        left = self._scene.ideas[self._scene.supported[fan][-1]]
        path = f"/api/v1/ideas/{left.id}/support"
        told = await self._client.ask("unsupport", "DELETE", path, self._scene.tokens[fan], key=key)
        left.followers -= told.done and left.followers > 0
        return told

    async def _comment(self, fan: int, mood: int, key: str) -> Told | None:
        about = self._scene.wanted(fan, mood, new_to_her=False)
        remark = self._scene.remark(about, mood) if about else None
        if about is None or remark is None:
            return None
        idea, answer = about.id, remark.answer
        path, token = f"/api/v1/ideas/{idea}/comments", self._scene.tokens[fan]
        told = await self._client.ask("comment", "POST", path, token, json={"text": remark.text}, key=key, wait=about.position)
        if told.done and answer:
            self._later(ANSWER_AFTER_S, lambda: self._host.answer(idea, answer, f"{key} answered"))
        return told

    async def _bring(self, act: Bring, key: str) -> Told:
        made = await self._client.ask("link", "POST", "/api/v1/me/invite-link", self._scene.tokens[act.fan])
        if not made.done:
            return made
        told = await self._host.make_friend(act.name, made.body["link"])
        if told.done:
            friend = self._scene.arrived(told.body["token"], act.fan)
            await self._support(Support(at=act.at, fan=friend, mood=act.mood), key)
        return told

    async def _vote(self, act: Vote, ballot: Ballot, key: str) -> Told | None:
        if not ballot.options:
            return None
        papers, held = self._scene.papers, (ballot.round, act.fan)
        token, path = self._scene.tokens[act.fan], f"/api/v1/rounds/{ballot.round}"
        if held not in papers and act.mood % 6 == 0:  # the others open the page and know that it is their first
            paper = await self._client.ask("paper", "GET", f"{path}/paper", token)
            papers[held] = paper.body["number"] if paper.done else 1
        number = 1 if act.manner == "older-tab" else papers.get(held, 1)
        ticked = tick(self._scene.tastes[act.fan], ballot.flavours, act.mood, ballot.most, ballot.whim)
        form = {"number": number, "options": _of(ballot.options, ticked)}
        told = await self._client.ask("ballot", "PUT", f"{path}/ballot", token, json=form, key=key)
        if told.done:
            papers[held] = told.body["next_number"]
            if act.manner == "twice":
                await self._client.ask("ballot again", "PUT", f"{path}/ballot", token, json=form, key=key)
        return told


def _of(options: Sequence[str], places: Sequence[int]) -> list[str]:
    return [options[place] for place in places]
