"""A picture on its way: sent, seen by its sender alone, shown with an idea, and gone when it has to be."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest
from PIL import Image

from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.record.kinds import picture_hash
from tests import pictures
from tests.integration.browsing import form
from tests.page_reader import all_read, an_ideas_round, browser
from tests.pictures import files, picture, sent, written
from tests.postgres_fixture import TEMPLATE, made
from tests.site_fixture import SiteUnderTest, client_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

WORDS, OTHER = "A pine cone in a glass of soda", "The same glass from above"
IDEA = {"title": "Pine & Lime", "body": "Steep the tips.", "tags": "citrus"}


@pytest.fixture(scope="module")
def town_database(postgres: str) -> Iterator[str]:
    """A database for all tests here."""
    with made(postgres, TEMPLATE) as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
async def site(town_database: str) -> AsyncIterator[SiteUnderTest]:
    """One site for all tests here; each brings members and pictures of its own."""
    async with running_site(town_database) as found:
        yield found


async def a_member(site: SiteUnderTest, name: str, role: str = "") -> tuple[httpx2.AsyncClient, httpx2.AsyncClient]:
    """Return the client and the browser of a new member, who holds *role* if one is given."""
    member = await joining.join(site.parts.desk, name)
    if role:
        (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        token = await open_session(connection, member, "token", "test")
        return client_of(site.app, token), browser(site, await open_session(connection, member, "browser", "test"))


def of(sent: dict[str, Any], words: str = WORDS) -> dict[str, str]:
    """Return a picture that was sent as an idea names it."""
    return {"picture": sent["picture"], "words": words}


async def raised(site: SiteUnderTest, fan: httpx2.AsyncClient, round_id: str, *shown: dict[str, str]) -> str:
    """Raise an idea with pictures and return its id, once everything has read it."""
    made = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={**IDEA, "pictures": shown})
    assert made.status_code == 201, made.text
    await all_read(site)
    return str(made.json()["id"])


def small(sent: dict[str, Any]) -> str:
    """Return the address of the smallest size."""
    return str(sent["sizes"]["small"]["address"])


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while True:
            if holds():
                return
            await asyncio.sleep(0.05)


async def status(client: httpx2.AsyncClient, path: str) -> int:
    """Return how an address answers."""
    return (await client.get(path)).status_code


async def test_a_picture_is_public_once_an_idea_shows_it_and_not_before(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    (fan, page), (other, _) = await a_member(site, "Saoirse K."), await a_member(site, "Noor A.")

    one = await sent(fan)

    assert (await site.stranger.post("/api/v1/pictures", content=pictures.from_a_phone())).status_code == 401
    assert one["sizes"]["large"] == {
        "width": 800, "height": 1200, "address": f"/pictures/{one['picture']}/large.webp",
    }  # fmt: skip
    assert [await status(each, small(one)) for each in (fan, page, other, site.stranger)] == [200, 200, 404, 404]
    assert (await fan.get(small(one))).headers["cache-control"] == "private, no-store"

    idea = await raised(site, fan, round_id, of(one))

    answer = await site.stranger.get(small(one))
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in ("content-type", "x-content-type-options", "content-security-policy")} == {
        "content-type": "image/webp",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    assert answer.headers["cache-control"].endswith("immutable")
    assert Image.open(io.BytesIO(answer.content)).size == (213, 320)
    again = await site.stranger.get(small(one), headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    found = (await site.stranger.get(f"/api/v1/ideas/{idea}")).json()
    assert [(each["picture"], each["words"]) for each in found["pictures"]] == [(one["picture"], WORDS)]
    assert found["versions"][0]["pictures"] == found["pictures"]


async def test_the_record_holds_a_salted_hash_and_the_disk_nothing_of_the_camera(site: SiteUnderTest) -> None:
    fan, _ = await a_member(site, "Saoirse K.")

    one = await sent(fan)

    async with site.parts.pool.connection() as connection:
        query = "select salt from record.pictures where hash = %s"
        row = await (await connection.execute(query, (one["picture"],))).fetchone()
    assert row
    large = (await fan.get(one["sizes"]["large"]["address"])).content
    assert picture_hash(bytes(row[0]), large) == one["picture"]
    assert len(files(site, one)) == 3
    assert not any(trace in each.read_bytes() for each in files(site, one) for trace in (b"Exif", b"EXIF", b"Snark", b"Jubjub"))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (pictures.bomb(), 422, "picture-too-many-pixels"),
        (pictures.SVG, 422, "picture-is-svg"),
        (pictures.with_archive(), 422, "picture-hides-something"),
        (written(picture(), "JPEG")[:3000], 422, "picture-broken"),
        (pictures.PDF, 422, "picture-unknown"),
        (b"", 422, "picture-missing"),
        (bytes(12_600_000), 413, "upload-too-large"),
        (bytes(12_000_001), 413, "upload-too-large"),
    ],
    ids=["bomb", "svg", "polyglot", "cut-off", "renamed", "nothing", "too-large", "just-too-large"],
)
async def test_what_is_no_harmless_picture_is_refused_in_a_sentence(
    site: SiteUnderTest, body: bytes, status: int, code: str
) -> None:
    fan, _ = await a_member(site, "Saoirse K.")
    before = files(site)

    raw = await fan.post("/api/v1/pictures", content=body, headers={"content-type": "image/png"})
    named = await fan.post("/api/v1/pictures", files={"file": ("holiday.png", body, "image/png")})

    for answer in (raw, named):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["detail"].endswith(".")
    assert files(site) == before


async def test_only_where_a_file_is_asked_for_may_a_body_be_large(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    fan, page = await a_member(site, "Saoirse K.")
    large = "x" * 300_000

    as_json = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={**IDEA, "body": large})
    as_form = await page.post(f"/campaigns/{campaign}/ideas", data={"text": large})
    elsewhere = await page.post("/me/access/name", files={"file": ("a.png", large.encode(), "image/png")})

    assert [(each.status_code, each.json()["code"]) for each in (as_json, as_form, elsewhere)] == [(413, "too-large")] * 3


async def test_an_idea_shows_only_what_its_author_sent_and_four_at_most(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    (fan, _), (other, _) = await a_member(site, "Saoirse K."), await a_member(site, "Noor A.")
    mine, theirs = await sent(fan), await sent(other)

    async def refused(*shown: dict[str, str]) -> tuple[int, str]:
        answer = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={**IDEA, "pictures": shown})
        return answer.status_code, answer.json()["code"]

    assert await refused(of(theirs)) == (422, "picture-not-found")
    assert await refused({"picture": "0" * 64, "words": WORDS}) == (422, "picture-not-found")
    assert await refused(*([of(mine)] * 5)) == (422, "too-many-pictures")
    assert await refused(of(mine, " ")) == (422, "text-refused")
    assert await refused(of(mine, "x" * 301)) == (422, "text-refused")


async def test_a_new_version_may_leave_a_picture_out_and_the_earlier_one_keeps_it(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    fan, _ = await a_member(site, "Saoirse K.")
    first, second = await sent(fan), await sent(fan)
    idea = await raised(site, fan, round_id, of(first), of(second, OTHER))

    done = await fan.put(f"/api/v1/ideas/{idea}", json={**IDEA, "version": 1, "pictures": [of(second, OTHER)]})

    done.raise_for_status()
    await all_read(site)
    found = (await site.stranger.get(f"/api/v1/ideas/{idea}")).json()
    assert [each["picture"] for each in found["pictures"]] == [second["picture"]]
    assert [[each["picture"] for each in version["pictures"]] for version in found["versions"]] == [
        [second["picture"]],
        [first["picture"], second["picture"]],
    ]
    assert await status(site.stranger, small(first)) == 200


async def test_an_author_takes_one_picture_back_and_nothing_of_it_is_left(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    fan, page = await a_member(site, "Saoirse K.")
    first, second = await sent(fan), await sent(fan)
    idea = await raised(site, fan, round_id, of(first), of(second, OTHER))

    done = (await fan.post(f"/api/v1/texts/{first['picture']}/removal", json={})).raise_for_status()

    assert done.json()["text"] == first["picture"]
    await all_read(site)
    assert await status(site.stranger, small(first)) == 410
    assert (await site.stranger.get(small(first))).json()["code"] == "picture-gone"
    assert await status(fan, small(first)) == 410
    assert await status(site.stranger, small(second)) == 200
    await until(lambda: len(files(site, first, second)) == 3)
    found = (await site.stranger.get(f"/api/v1/ideas/{idea}")).json()
    assert [each["words"] for each in found["pictures"]] == [OTHER]
    shown = (await page.get(f"/ideas/{idea}")).text
    assert "Its author took this back." in shown
    assert WORDS not in shown
    assert "took back a picture" in (await page.get(f"/campaigns/{campaign}/timeline")).text


async def test_a_moderator_removes_a_picture_from_the_page_and_everybody_reads_why(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    fan, _ = await a_member(site, "Saoirse K.")
    _, moderator = await a_member(site, "Ife Okoye", "moderator")
    one = await sent(fan)
    idea = await raised(site, fan, round_id, of(one))
    page = (await moderator.get(f"/ideas/{idea}")).text
    removal = next(part for part in page.split("<form")[1:] if one["picture"] in part)

    fields = form(f"<form{removal}", "/texts/removal").fields
    done = await moderator.post("/texts/removal", data={**fields, "reason": "It shows somebody's house."})

    assert done.status_code == 303, done.text
    await all_read(site)
    shown = await site.stranger.get(f"/ideas/{idea}", headers={"accept": "text/html"})
    assert "Removed by a moderator: It shows somebody&#39;s house." in shown.text
    assert await status(site.stranger, small(one)) == 410


async def test_a_picture_of_a_hidden_idea_is_shown_to_its_author_and_to_moderators_only(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    (fan, _), (other, _) = await a_member(site, "Saoirse K."), await a_member(site, "Noor A.")
    moderator, _ = await a_member(site, "Ife Okoye", "moderator")
    one = await sent(fan)
    idea = await raised(site, fan, round_id, of(one))

    hidden = await moderator.post(
        "/api/v1/moderation/hide", json={"contents": [idea], "rule": "personal-details", "reason": "A house."}
    )

    assert hidden.raise_for_status().json()["event"]
    await all_read(site)
    assert [await status(each, small(one)) for each in (site.stranger, other, fan, moderator)] == [404, 404, 200, 200]
    assert (await site.stranger.get(f"/api/v1/ideas/{idea}")).json()["pictures"] == []


async def test_an_erased_member_leaves_no_picture_behind(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    fan, page = await a_member(site, "Saoirse K.")
    shown, unused = await sent(fan), await sent(fan)
    idea = await raised(site, fan, round_id, of(shown))

    (await page.post("/api/v1/me/erasure", json={"words": "erase me"})).raise_for_status()

    await until(lambda: files(site, shown, unused) == [])
    assert [await status(site.stranger, small(each)) for each in (shown, unused)] == [410, 404]
    assert (await site.stranger.get(f"/api/v1/ideas/{idea}")).json()["pictures"] == []


def press(page: httpx2.Response, action: str, **typed: str) -> dict[str, str]:
    """Return the fields of an idea's form as they stand there, with what was typed."""
    return {**form(page.text, action).fields, **typed}


async def test_a_form_without_a_script_adds_describes_and_takes_out_and_loses_nothing(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    _, page = await a_member(site, "Saoirse K.")
    ideas, new = f"/campaigns/{campaign}/ideas", f"/campaigns/{campaign}/ideas/new"
    typed = {"title": "Pine & Lime", "text": "Steep the tips.", "tags": "citrus"}
    file = {"file": ("IMG_1.JPG", pictures.from_a_phone(), "image/jpeg")}

    start = await page.get(new)
    fields = press(start, ideas, **typed, words=WORDS, act="add")
    fields.pop("file")
    added = await page.post(new, data=fields, files=file)
    assert added.status_code == 200, added.text
    more = press(added, ideas, act="add")
    more.pop("file")
    assert (more["title"], more["text"], more["tags"], more["words-1"], more["words"]) == (*typed.values(), WORDS, "")
    again = await page.post(new, data={**more, "words": OTHER}, files=file)
    less = press(again, ideas, act="remove-1")
    less.pop("file")
    out = await page.post(new, data=less, files={"file": ("", b"", "application/octet-stream")})
    assert press(out, ideas)["words-1"] == OTHER
    assert "picture-2" not in press(out, ideas)
    wrong = press(out, ideas, title="")
    wrong.pop("file")
    refused = await page.post(ideas, data=wrong, files={"file": ("", b"", "application/octet-stream")})
    assert refused.status_code == 422
    last = press(refused, ideas, title="Pine & Lime", words=WORDS)
    last.pop("file")
    done = await page.post(ideas, data=last, files=file)

    assert done.status_code == 303, done.text
    await all_read(site)
    idea = done.headers["location"]
    shown = (await page.get(idea)).text
    assert re.findall(r'<img[^>]*alt="([^"]*)"', shown) == [OTHER, WORDS]
    assert 'width="533" height="800"' in shown


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (pictures.SVG, "SVG pictures are not taken. An SVG file can hold programs."),
        (pictures.bomb(), "The picture has too many pixels."),
        (b"", "There is no picture in this request. Choose a file first"),
    ],
)
async def test_a_refused_file_leaves_the_form_as_it_was_and_says_why(site: SiteUnderTest, file: bytes, said: str) -> None:
    campaign, _ = await an_ideas_round(site)
    _, page = await a_member(site, "Saoirse K.")
    start = await page.get(f"/campaigns/{campaign}/ideas/new")
    fields = press(start, f"/campaigns/{campaign}/ideas", title="Pine", text="Steep.", words=WORDS, act="add")
    fields.pop("file")

    answer = await page.post(f"/campaigns/{campaign}/ideas/new", data=fields, files={"file": ("cat.jpg", file, "image/jpeg")})

    assert answer.status_code == 422
    assert said in answer.text
    kept = press(answer, f"/campaigns/{campaign}/ideas")
    assert (kept["title"], kept["text"], kept["words"]) == ("Pine", "Steep.", WORDS)


async def test_a_new_picture_without_a_description_is_kept_and_its_description_asked_for(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    _, page = await a_member(site, "Saoirse K.")
    ideas = f"/campaigns/{campaign}/ideas"
    fields = press(await page.get(f"{ideas}/new"), ideas, title="Pine", text="Steep.", tags="")
    fields.pop("file")

    answer = await page.post(ideas, data=fields, files={"file": ("a.jpg", pictures.from_a_phone(), "image/jpeg")})

    assert answer.status_code == 422
    assert "The description of picture 1 is empty." in answer.text
    assert re.fullmatch("[0-9a-f]{64}", press(answer, ideas)["picture-1"])


async def test_a_form_that_is_pressed_twice_raises_one_idea(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    _, page = await a_member(site, "Saoirse K.")
    ideas = f"/campaigns/{campaign}/ideas"
    fields = press(await page.get(f"{ideas}/new"), ideas, title="Pine", text="Steep.", tags="", words=WORDS)
    fields["seen-similar"] = "yes"  # or the second press would be shown the first one's idea
    fields.pop("file")
    file = {"file": ("a.jpg", pictures.from_a_phone(), "image/jpeg")}

    answers = [await page.post(ideas, data=fields, files=file) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]


async def test_an_edit_form_begins_with_the_pictures_that_the_idea_has(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    fan, page = await a_member(site, "Saoirse K.")
    one = await sent(fan)
    idea = await raised(site, fan, round_id, of(one))

    shown = press(await page.get(f"/ideas/{idea}/edit"), f"/ideas/{idea}", title="Pine", act="")
    shown.pop("file")
    done = await page.post(f"/ideas/{idea}", data=shown, files={"file": ("", b"", "application/octet-stream")})

    assert (shown["picture-1"], shown["words-1"]) == (one["picture"], WORDS)
    assert done.status_code == 303, done.text
    await all_read(site)
    found = (await site.stranger.get(f"/api/v1/ideas/{idea}")).json()
    assert (found["version"], found["pictures"][0]["picture"]) == (2, one["picture"])


async def test_the_list_shows_the_first_picture_of_an_idea(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    fan, _ = await a_member(site, "Saoirse K.")
    one = await sent(fan)
    await raised(site, fan, round_id, of(one), of(await sent(fan), OTHER))

    page = (await site.stranger.get(f"/campaigns/{campaign}/ideas", headers={"accept": "text/html"})).text
    listed = (await site.stranger.get(f"/api/v1/campaigns/{campaign}/ideas")).json()["ideas"]

    assert re.findall(r'<img class="thumb" src="([^"]*)"', page) == [small(one)]
    assert len(listed[0]["pictures"]) == 2
