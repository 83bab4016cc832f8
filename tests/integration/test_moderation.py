"""Flags, the queue of moderators, hiding and showing again: what everybody, authors and moderators see of it."""

from typing import Any, Self

import httpx2
import pytest

from fanfare.members import joining
from fanfare.members.sessions import open_session
from tests.integration.browsing import form
from tests.page_reader import all_read, an_ideas_round, browser
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

SHOUT, TITLE, BODY = "You are all fools.", "Pine & Lime", "Steep the tips like tea."
WHY = "It calls everybody names."


class Room:
    """A site with an idea, a comment that shouts, and people."""

    def __init__(self, site: SiteUnderTest) -> None:
        self.site = site
        self.campaign = self.round = self.idea = self.comment = ""
        self.people: dict[str, httpx2.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        self.campaign, self.round = await an_ideas_round(self.site)
        for name, role in (("author", ""), ("bully", ""), ("fan", ""), ("moderator", "moderator"), ("host", "host")):
            member = await joining.join(self.site.parts.desk, name.capitalize(), email=f"{name}@example.org")
            if role:
                (await self.site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})).raise_for_status()
            async with self.site.parts.pool.connection() as connection:
                self.people[name] = browser(self.site, await open_session(connection, member, "browser", "test"))
        words = {"title": TITLE, "body": BODY, "tags": "citrus"}
        self.idea = (await self.call("author", "POST", f"rounds/{self.round}/ideas", words))["id"]
        await all_read(self.site)
        await self.call("bully", "POST", f"ideas/{self.idea}/comments", {"text": SHOUT})
        self.comment = (await self.call("fan", "GET", f"ideas/{self.idea}"))["discussion"][0]["id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self.people.values():
            await each.aclose()

    async def call(self, who: str, method: str, path: str, body: Any = None, *, status: int = 0) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Call the API as somebody and return what it answers."""
        csrf = (await self.people[who].get("/me")).text.partition('name="csrf" value="')[2].partition('"')[0]
        done = await self.people[who].request(method, f"/api/v1/{path}", json=body, headers={"X-CSRF-Token": csrf})
        if status:
            assert done.status_code == status, done.text
        else:
            done.raise_for_status()
        await all_read(self.site)
        return dict(done.json())

    async def read(self, who: str, path: str) -> str:
        """Return a page as somebody reads it; nobody in particular where she is no one's name."""
        client = self.people.get(who) or browser(self.site)
        page = await client.get(path)
        assert page.status_code == 200, (page.status_code, page.text[:300])
        return page.text

    async def send(self, who: str, path: str, action: str, **typed: str) -> httpx2.Response:
        """Send a form of a page as somebody types it."""
        shown = form(await self.read(who, path), action)
        done = await self.people[who].post(action, data={**shown.fields, **typed})
        await all_read(self.site)
        return done

    async def hide(self, content: str, rule: str = "insult", reason: str = WHY) -> dict[str, Any]:
        """Hide something as the moderator."""
        return await self.call("moderator", "POST", "moderation/hide", {"contents": [content], "rule": rule, "reason": reason})

    async def queue(self) -> list[str]:
        """Return what waits."""
        return [each["content"] for each in (await self.call("moderator", "GET", "moderation/queue"))["cases"]]


async def test_a_fan_flags_a_comment_once_and_a_moderator_hides_it_for_everybody_but_its_author(site: SiteUnderTest) -> None:
    async with Room(site) as room:
        await room.send("fan", f"/flags/{room.comment}", f"/flags/{room.comment}", rule="insult", words="Line one.")
        assert "You told the moderators" in await room.read("fan", f"/flags/{room.comment}")
        assert await room.queue() == [room.comment]
        case = await room.read("moderator", "/host/moderation")
        assert SHOUT in case
        assert "Line one." in case
        assert "Fan" not in case  # nobody is told who flagged it

        done = await room.send("moderator", "/host/moderation", "/host/moderation/hide", rule="insult", reason=WHY)

        assert done.status_code == 303
        assert await room.queue() == []
        for who in ("stranger", "fan"):
            page = await room.read(who, f"/ideas/{room.idea}")
            assert SHOUT not in page
            assert WHY in page
        assert (await room.call("fan", "GET", f"ideas/{room.idea}"))["discussion"][0]["text"] == ""
        assert SHOUT in await room.read("bully", f"/ideas/{room.idea}")
        timeline = await room.read("stranger", f"/campaigns/{room.campaign}/timeline")
        assert "hid a comment: It insults or threatens somebody" in timeline
        assert SHOUT not in timeline
        report = await room.read("stranger", f"/campaigns/{room.campaign}/report")
        assert "Moderators hid words 1 time." in report
        assert "Members flagged something 1 time" in report
        mails = await _mails(site, "bully@example.org")
        assert [each[0] for each in mails] == ["Your comment was hidden"]


async def test_a_hidden_idea_is_read_by_its_author_and_moderators_alone_and_she_asks_back(site: SiteUnderTest) -> None:
    async with Room(site) as room:
        await room.hide(room.idea, reason="It is on every bottle of another brand.")

        for path in (f"/ideas/{room.idea}", f"/campaigns/{room.campaign}/ideas", f"/campaigns/{room.campaign}/timeline"):
            page = await room.read("fan", path)
            assert "Pine &amp; Lime" not in page, path
            assert BODY not in page, path
        assert BODY not in await room.read("stranger", f"/campaigns/{room.campaign}")
        for who in ("author", "moderator", "host"):
            assert BODY in await room.read(who, f"/ideas/{room.idea}"), who
        assert (await room.people["fan"].get(f"/ideas/{room.idea}/answer")).status_code == 403
        refused = await room.call("fan", "PUT", f"ideas/{room.idea}/support", status=409)
        assert refused["code"] == "idea-hidden"

        await room.send("author", f"/ideas/{room.idea}", f"/flags/{room.idea}/back", words="It is my own recipe.")
        assert "It is my own recipe." in await room.read("moderator", "/host/moderation")
        await room.send("moderator", "/host/moderation", "/host/moderation/show", reason="It is her own.", undo="")

        assert BODY in await room.read("stranger", f"/ideas/{room.idea}")
        assert await room.queue() == []
        await room.call("fan", "PUT", f"ideas/{room.idea}/support")


async def test_a_moderator_undoes_what_she_hid_and_the_case_is_back_in_the_queue(site: SiteUnderTest) -> None:
    async with Room(site) as room:
        await room.call("fan", "POST", "flags", {"content": room.comment, "rule": "insult"})
        await room.call("fan", "POST", "flags", {"content": room.idea, "rule": "off-topic"})
        both = {"option": [room.comment, room.idea], "rule": "insult", "reason": WHY}
        fields = form(await room.read("moderator", "/host/moderation"), "/host/moderation/hide").fields
        done = await room.people["moderator"].post("/host/moderation/hide", data={**fields, "contents": "", **both})
        await all_read(site)
        assert done.status_code == 303, done.text
        assert await room.queue() == []
        assert SHOUT not in await room.read("fan", f"/ideas/{room.idea}")

        page = await room.read("moderator", "/host/moderation")
        assert "decided two cases" in page
        await room.send("moderator", "/host/moderation", "/host/moderation/show")

        assert SHOUT in await room.read("fan", f"/ideas/{room.idea}")
        assert sorted(await room.queue()) == sorted([room.comment, room.idea])


async def test_what_is_left_as_it_is_leaves_the_queue_and_comes_back_when_somebody_else_flags_it(site: SiteUnderTest) -> None:
    async with Room(site) as room:
        await room.call("fan", "POST", "flags", {"content": room.comment, "rule": "insult"})
        fields = form(await room.read("moderator", "/host/moderation"), "/host/moderation/hide").fields
        await room.people["moderator"].post("/host/moderation/leave", data=fields)
        assert await room.queue() == []

        await room.call("fan", "POST", "flags", {"content": room.comment, "rule": "insult"})
        assert await room.queue() == []  # hers was answered

        await room.call("author", "POST", "flags", {"content": room.comment, "rule": "insult"})
        assert await room.queue() == [room.comment]
        assert SHOUT in await room.read("fan", f"/ideas/{room.idea}")


async def test_a_host_answers_and_everybody_reads_it_with_what_was_said_before(site: SiteUnderTest) -> None:
    async with Room(site) as room:
        waiting = await room.read("host", f"/host/campaigns/{room.campaign}/answers")
        assert "One idea waits for you" in waiting
        address = f"/ideas/{room.idea}/answer"
        preview = await room.send("host", address, address, status="considered", reason="We *taste* it.", act="preview")
        assert "So it will read" in preview.text
        assert "<em>taste</em>" in preview.text
        await room.send("host", address, address, status="considered", reason="We *taste* it.", act="answer")
        done = await room.call("host", "PUT", f"ideas/{room.idea}/answer", {"status": "planned", "reason": "On 3 December."})
        again = await room.call("host", "PUT", f"ideas/{room.idea}/answer", {"status": "planned", "reason": "On 3 December."})

        assert again == done
        page = await room.read("stranger", f"/ideas/{room.idea}")
        assert page.index("On 3 December.") < page.index("<em>taste</em>")
        told = (await room.call("fan", "GET", f"ideas/{room.idea}/answers"))["answers"]
        assert [(each["status"], each["by_name"]) for each in told] == [("planned", "Host"), ("considered", "Host")]
        assert "Nobody waits for an answer" in await room.read("host", f"/host/campaigns/{room.campaign}/answers")
        assert "answered Pine &amp; Lime" in await room.read("stranger", f"/campaigns/{room.campaign}/timeline")
        refused = await room.call(
            "fan", "PUT", f"ideas/{room.idea}/answer", {"status": "done", "reason": "I say so."}, status=403
        )
        assert refused["code"] == "role-needed"
        assert len(await _mails(site, "author@example.org")) == 2


async def _mails(site: SiteUnderTest, recipient: str) -> list[tuple[str, str]]:
    async with site.parts.pool.connection() as connection:
        query = "select subject, body from vault.outbox where recipient = %s order by id"
        return await (await connection.execute(query, (recipient,))).fetchall()
