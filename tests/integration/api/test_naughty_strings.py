"""Naughty strings in every field: refused in words, or kept byte for byte in the API, the record, the archive and the tables."""

import csv
import email
import io
import json
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import silent
from fanfare.audit.commands import run_export
from fanfare.campaigns.founding import Founding
from fanfare.campaigns.founding import found as found_site
from fanfare.members import mail, sending
from fanfare.platform import texts
from fanfare.platform.refusals import TextRefused
from tests import naughty
from tests.integration.api.ground import Person, drafted, person, posted
from tests.naughty import kept
from tests.page_outline import Outline
from tests.page_reader import all_read
from tests.site_fixture import ADDRESS, SiteUnderTest, round_of, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
FORMULAS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
HEADERS = {
    *("from", "to", "subject", "message-id", "auto-submitted"),
    *("content-type", "content-transfer-encoding", "mime-version"),
}
ROUNDS = 20
"""Of one campaign: its publication has to fit into an entry."""


async def sent(who: Person, method: str, path: str, body: dict[str, Any]) -> httpx2.Response:
    """Send JSON with every character beyond ASCII escaped: so that halves of surrogate pairs can be sent at all."""
    headers = {"content-type": "application/json"}
    return await who.client.request(method, f"/api/v1{path}", content=json.dumps(body).encode(), headers=headers)


def refused(answer: httpx2.Response) -> bool:
    """Tell whether the answer says no in words that help."""
    problem = answer.json()
    return (
        answer.status_code in (413, 422)
        and len(problem["detail"]) > 20
        and problem["code"] in ("text-refused", "invalid", "unstorable", "too-large")
    )


async def stored(site: SiteUnderTest) -> set[str]:
    """Return all texts that are kept beside the record."""
    async with site.parts.pool.connection() as connection:
        return {row[0] for row in await (await connection.execute("select text from record.texts")).fetchall()}


async def ideas_round(site: SiteUnderTest) -> tuple[str, str]:
    """Return an open round of ideas and its campaign."""
    campaign = await site.publish(round_of(method="support.v1", options_from="ideas", options=[]))
    found = str(campaign["rounds"][0]["id"])
    await site.until(found, "open")
    return found, str(campaign["id"])


@pytest.mark.parametrize("field", ["title", "body", "text"])
async def test_an_idea_and_a_comment_are_refused_or_kept_byte_for_byte(busy_site: SiteUnderTest, field: str) -> None:
    site, who = busy_site, await person(busy_site, "Noor A.")
    of, _ = await ideas_round(site)
    under = (await posted(who.client, f"/api/v1/rounds/{of}/ideas", {"title": "Pine", "body": "Like tea."}))["id"]
    await all_read(site)
    written: dict[str, str] = {}
    wrong = []
    for each in naughty.every():
        path = f"/ideas/{under}/comments" if field == "text" else f"/rounds/{of}/ideas"
        answer = await sent(
            who, "POST", path, {field: each} if field == "text" else {"title": "Pine", "body": "Like tea.", field: each}
        )
        if answer.status_code == 201:
            written[answer.json()["event"] if field == "text" else answer.json()["id"]] = each
        elif not refused(answer):
            wrong.append(f"{each[:40]!r}: {answer.status_code} {answer.text[:200]}")
    await all_read(site)

    kept_texts = await stored(site)
    if field == "text":
        said = (await site.stranger.get(f"/api/v1/ideas/{under}")).json()["discussion"]
        shown = sorted(each["text"] for each in said)
    else:
        shown = sorted([(await site.stranger.get(f"/api/v1/ideas/{each}")).json()[field] for each in written])
    assert wrong == []
    assert len(written) > 100
    assert shown == sorted(map(kept, written.values()))
    assert kept_texts >= set(map(kept, written.values()))


async def test_tags_and_names_are_refused_or_kept_as_they_were_written(busy_site: SiteUnderTest) -> None:
    site, who = busy_site, await person(busy_site, "Noor A.")
    of, _ = await ideas_round(site)
    wrong = []
    for each in naughty.every():
        answer = await sent(who, "POST", f"/rounds/{of}/ideas", {"title": "Pine", "body": "Like tea.", "tags": each})
        if answer.status_code == 201:
            found = (
                await site.stranger.get(
                    f"/api/v1/ideas/{answer.json()['id']}", headers={"Fanfare-Wait": answer.json()["position"]}
                )
            ).json()["tags"]
            tags = list(dict.fromkeys(kept(tag).lower() for tag in each.split(",") if kept(tag)))
            if found != tags:
                wrong.append(f"tags {each[:40]!r}: {found}")
        elif not refused(answer):
            wrong.append(f"tags {each[:40]!r}: {answer.status_code} {answer.text[:200]}")
        answer = await sent(who, "PATCH", "/me", {"name": each})
        if answer.status_code == 200 and (answer.json()["name"] != kept(each) or not kept(each)):
            wrong.append(f"name {each[:40]!r}: {answer.text[:200]}")
        elif answer.status_code != 200 and not refused(answer):
            wrong.append(f"name {each[:40]!r}: {answer.status_code} {answer.text[:200]}")

    assert wrong == []


def taken(most: int, *, lines: bool = False) -> list[str]:
    """Return the naughty strings that a field of that size takes."""
    found = []
    for each in naughty.every():
        try:
            texts.checked(each, "field", most, lines=lines)
        except TextRefused:
            continue
        found.append(each)
    return found


async def campaigns_of(site: SiteUnderTest) -> list[dict[str, Any]]:
    """Publish campaigns whose every field is a naughty string that it takes, and return them as the API tells them."""
    titles, stories = taken(texts.TITLE), taken(texts.TITLE, lines=True)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    times = {"opens_at": tomorrow.isoformat(), "closes_at": (tomorrow + timedelta(days=1)).isoformat()}
    found = []
    for start in range(0, len(titles), ROUNDS):
        some = titles[start : start + ROUNDS]
        rounds = [
            round_of(
                name=each,
                question=each,
                asked_by=each,
                why=stories[(start + at) % len(stories)],
                outcome=each,
                options=[each, "Pine"],
                **times,
            )
            for at, each in enumerate(some)
        ]
        draft = await drafted(site, *rounds, title=some[0], story=some[-1])
        done = await site.host.post(f"/api/v1/drafts/{draft}/publish")
        assert done.status_code == 201, done.text
        answer = await site.stranger.get(f"/api/v1/campaigns/{draft}", headers={"Fanfare-Wait": done.headers["Fanfare-Position"]})
        told = dict(answer.json())
        assert (told["title"], told["story"]) == (kept(some[0]), kept(some[-1]))
        for at, (each, read) in enumerate(zip(some, told["rounds"], strict=True)):
            assert {read[name] for name in ("name", "question", "asked_by", "outcome")} == {kept(each)}
            assert read["options"][0]["label"] == kept(each)
            assert read["why"] == kept(stories[(start + at) % len(stories)])
        found.append(told)
    return found


async def test_campaigns_are_kept_byte_for_byte_and_a_spreadsheet_runs_none_of_it(
    busy_site: SiteUnderTest, tmp_path: Path
) -> None:
    site = busy_site
    campaigns = await campaigns_of(site)
    await all_read(site)

    for each in campaigns:
        table = (await site.stranger.get(f"/api/v1/campaigns/{each['id']}/report.csv")).raise_for_status().text
        rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
        assert [row["name"].removeprefix("'") for row in rows] == [of["name"].removeprefix("'") for of in each["rounds"]]
        assert not any(cell.startswith(FORMULAS) for row in rows for cell in row.values())
    said = {of["name"] for each in campaigns for of in each["rounds"]}
    async with served(site.app) as url, site.parts.pool.connection() as connection:
        assert await run_export(site.parts.log, connection, url, tmp_path / "site.tar", now=datetime.now(UTC)) == 0
    with (tmp_path / "site.tar").open("rb") as stream:
        archived = {each.text: each.matches() for each in Archive(stream, silent).texts()}
    assert {each: archived[each] for each in said} == dict.fromkeys(said, True)


async def test_the_pages_of_such_campaigns_show_the_words_and_run_none_of_them(busy_site: SiteUnderTest) -> None:
    site = busy_site
    found = await campaigns_of(site)
    await all_read(site)
    for each in found:
        first = each["rounds"][0]["id"]
        about = (f"/campaigns/{each['id']}", f"/campaigns/{each['id']}/report", f"/campaigns/{each['id']}/timeline")
        for path in ("/", *about, f"/rounds/{first}/report", "/host", f"/host/rounds/{first}", f"/host/rounds/{first}/plan"):
            page = (await site.host.get(path, headers={"accept": "text/html"})).raise_for_status().text
            outline = Outline(page)

            assert outline.harm == [], path
            assert {value for value in outline.scripts if not value.startswith("/static/js/")} == set(), path
            if path in about[:2]:
                assert any(words.strip() == each["title"] for words in outline.words), (path, each["title"])


async def test_a_brand_stands_on_the_pages_and_in_mail_as_it_was_typed(database: str) -> None:
    brand = "</title><script>alert(1)</script> {{7*7}} =1+1"
    async with running_site(database, founded=False) as site:
        await found_site(
            site.parts.desk, Founding(url=ADDRESS, brand=brand, colour="#ff5c7c", zone="Europe/Berlin", simulation=False)
        )
        await site.parts.desk.catch_up()
        (await site.stranger.post("/api/v1/sign-in", json={"email": "anna@example.org"})).raise_for_status()
        async with site.parts.pool.connection() as connection:
            sent_mail = (await mail.mailbox(connection))[0]
        page = Outline((await site.stranger.get("/mailbox", headers={"accept": "text/html"})).text)

        assert (await site.stranger.get("/api/v1/site")).json()["brand"] == brand
        assert sent_mail.subject == f"Sign in to {brand}"
        assert page.harm == []
        assert all(value.startswith("/static/js/") for value in page.scripts)
        assert brand in "".join(page.words)


async def test_reasons_and_brands_reach_mail_as_one_subject_and_no_other_header() -> None:
    for each in taken(texts.TITLE):
        subject = f"“{kept(each)}” has no result"
        message = sending._message(sending._Taken(1, "anna@example.org", subject, f"{kept(each)}\n", 0), "fanfare@localhost")
        read = email.message_from_bytes(message.as_bytes(), policy=policy.default)
        assert sorted(name.lower() for name in read.keys()) == sorted(HEADERS), each  # noqa: SIM118 - a header may come twice
        assert read["To"] == "anna@example.org"
        assert str(read["Subject"]) == subject
        assert read.get_content().rstrip("\r\n") == kept(each)


async def test_a_reason_is_refused_or_kept_and_shown_to_everybody(busy_site: SiteUnderTest) -> None:
    site = busy_site
    campaign = await site.publish(round_of())
    of = campaign["rounds"][0]["id"]
    await site.until(of, "open")
    who = Person("", "", site.host)
    for each in naughty.every()[::3]:
        answer = await sent(who, "POST", f"/rounds/{of}/pause", {"reason": each})
        if answer.status_code != 200:
            assert refused(answer), each
            continue
        assert (await site.stranger.get(f"/api/v1/rounds/{of}")).json()["reason"] == kept(each)
        await posted(site.host, f"/api/v1/rounds/{of}/resume")


@pytest.mark.parametrize(
    ("opens_at", "closes_at"),
    [
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("2026-11-06T09:00:00.999999+00:01", "2026-11-06T09:00:01Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
async def test_a_time_at_the_end_of_the_calendar_is_refused_or_taken(
    busy_site: SiteUnderTest, opens_at: str, closes_at: str
) -> None:
    site = busy_site
    draft = await posted(site.host, "/api/v1/drafts", {})
    body = {"title": "Times", "story": "Of all kinds.", "rounds": [round_of(opens_at=opens_at, closes_at=closes_at)]}
    saved = await site.host.put(f"/api/v1/drafts/{draft['id']}", json={"version": 1, "draft": body})
    done = await site.host.post(f"/api/v1/drafts/{draft['id']}/publish")
    campaign = await site.publish(round_of())
    of = campaign["rounds"][0]["id"]
    await site.until(of, "open")
    extended = await site.host.post(f"/api/v1/rounds/{of}/extend", json={"closes_at": closes_at, "reason": "Later."})

    assert {saved.status_code, done.status_code, extended.status_code} <= {200, 201, 422}
    for page in ("/", "/host", f"/host/campaigns/{draft['id']}", f"/campaigns/{draft['id']}", f"/campaigns/{campaign['id']}"):
        shown = await site.host.get(page, headers={"accept": "text/html"})
        assert shown.status_code in (200, 303, 404), page
