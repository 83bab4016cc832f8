"""What the host of the simulation does: fans in, campaigns out, a close moved, questions answered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import msgspec

from fanfare.simulation import corpus
from fanfare.simulation.client import Body, Client, Told
from fanfare.simulation.corpus import CampaignText
from fanfare.simulation.plan import Scale

ZONE = "Europe/Berlin"
FANS_AT_ONCE = 500
LABEL_DAYS = 14


class CampaignThere(msgspec.Struct, frozen=True):
    """A public campaign with the ids of its rounds."""

    id: str
    rounds: tuple[str, ...]


class Host:
    """Speaks with the token of the host."""

    def __init__(self, client: Client, token: str) -> None:
        """Speak through *client*."""
        self._client = client
        self._token = token

    async def find(self, title: str) -> CampaignThere | None:
        """Return the campaign of that title, none where it is not public."""
        told = await self._client.must("campaigns", "GET", "/api/v1/campaigns")
        return next((_there(each) for each in told.body["campaigns"] if each["title"] == title), None)

    async def make_fans(self, names: Sequence[str]) -> list[str]:
        """Make fans of these names, and return their tokens in the same order."""
        tokens: list[str] = []
        for start in range(0, len(names), FANS_AT_ONCE):
            some = {"names": list(names[start : start + FANS_AT_ONCE])}
            told = await self._client.must("join", "POST", "/api/v1/simulation/fans", self._token, json=some)
            tokens += [each["token"] for each in told.body]
        return tokens

    async def make_friend(self, name: str, link: str) -> Told:
        """Make a fan who comes by somebody's *link*."""
        form = {"name": name, "link": link}
        return await self._client.ask("friend", "POST", "/api/v1/simulation/friends", self._token, json=form)

    async def publish_rules(self) -> None:
        """Publish what earns points, a badge and tiers, before anybody does anything."""
        for rule in corpus.rules():
            form, key = msgspec.to_builtins(rule), f"rule {rule.rule}"
            await self._client.must("rule", "POST", "/api/v1/recognition/rules", self._token, json=form, key=key)

    async def publish_eighth(self, scale: Scale) -> CampaignThere:
        """Publish the campaign of three rounds; it opens *lead_s* from now."""
        words = corpus.campaigns().eighth
        draft = await self._draft("dewmocracy")
        opens_at = whole(scale.lead_s)
        lengths = ((scale.ideas_s, 0), (scale.vote_s, scale.extended_s), (scale.final_s, 0))
        for planned, (length, extended) in zip(draft["draft"]["rounds"], lengths, strict=True):
            closes_at = opens_at + timedelta(seconds=length)
            planned |= {"opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat()}
            opens_at = closes_at + timedelta(seconds=extended + scale.margin_s)
        return await self._publish(draft, words)

    async def publish_label(self) -> CampaignThere:
        """Publish the campaign of a single vote, open for two weeks."""
        words = corpus.campaigns().label
        draft = await self._draft("single-vote")
        opens_at = whole(0)
        draft["draft"]["rounds"][0] |= {
            "opens_at": opens_at.isoformat(),
            "closes_at": (opens_at + timedelta(days=LABEL_DAYS)).isoformat(),
            "options": [each.label for each in words.options],
        }
        return await self._publish(draft, words)

    async def publish_round(self, title: str, until: datetime, method: str, options: Sequence[str]) -> str:
        """Publish a campaign of one round that opens at once and stays open *until*; return the round's id."""
        planned = {
            "name": "Load",
            "question": "What does the site bear?",
            "asked_by": "A program",
            "why": "So that it is known before people come.",
            "outcome": "Nothing is made of the answers.",
            "opens_at": whole(0).isoformat(),
            "closes_at": until.replace(microsecond=0).isoformat(),
            "zone": ZONE,
            "method": method,
            "options_from": "list" if options else "ideas",
            "options": list(options),
        }
        made = (await self._client.must("draft", "POST", "/api/v1/drafts", self._token, json={})).body
        story = "Simulated fans vote here, as many and as fast as somebody wished."
        path, draft = f"/api/v1/drafts/{made['id']}", {"title": title, "story": story, "rounds": [planned]}
        saved = {"version": made["version"], "draft": draft}
        await self._client.must("draft", "PUT", path, self._token, json=saved)
        done = await self._client.must("publish", "POST", f"{path}/publish", self._token, key=f"publish {made['id']}")
        found = await self._client.must("campaign", "GET", f"/api/v1/campaigns/{done.body['id']}", wait=done.position)
        return _there(found.body).rounds[0]

    async def _draft(self, template: str) -> Body:
        form, key = {"template": template, "zone": ZONE}, f"draft {template}"
        draft: Body = (await self._client.must("draft", "POST", "/api/v1/drafts", self._token, json=form, key=key)).body
        return draft

    async def _publish(self, draft: Body, words: CampaignText) -> CampaignThere:
        for planned, text in zip(draft["draft"]["rounds"], words.rounds, strict=True):
            planned.update(msgspec.to_builtins(text))
        draft["draft"] |= {"title": words.title, "story": words.story}
        path = f"/api/v1/drafts/{draft['id']}"
        saved = {"version": draft["version"], "draft": draft["draft"]}
        await self._client.must("draft", "PUT", path, self._token, json=saved)
        done = await self._client.must("publish", "POST", f"{path}/publish", self._token, key=f"publish {words.title}")
        return _there((await self._client.must("campaigns", "GET", f"/api/v1/campaigns/{done.body['id']}")).body)

    async def extend(self, round_id: str, by_s: int) -> Told:
        """Move the close of a round by so many seconds."""
        path = f"/api/v1/rounds/{round_id}"
        now = (await self._client.must("round", "GET", path)).body
        closes_at = datetime.fromisoformat(now["closes_at"]) + timedelta(seconds=by_s)
        form = {"closes_at": closes_at.isoformat(), "reason": corpus.campaigns().extension}
        return await self._client.ask("extend", "POST", f"{path}/extend", self._token, json=form, key=f"extend {round_id}")

    async def answer(self, idea: str, text: str, key: str) -> Told:
        """Answer a question under an idea."""
        path = f"/api/v1/ideas/{idea}/comments"
        return await self._client.ask("answer", "POST", path, self._token, json={"text": text}, key=key)


def _there(body: Body) -> CampaignThere:
    rounds: Sequence[str] = [each["id"] for each in body["rounds"]]
    return CampaignThere(body["id"], tuple(rounds))


def whole(later_s: int) -> datetime:
    """Return the next whole second that is *later_s* from now: the record keeps times of rounds to the second."""
    return datetime.fromtimestamp(ceil(datetime.now(UTC).timestamp()) + later_s, UTC)
