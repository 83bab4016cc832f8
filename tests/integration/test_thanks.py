"""Thank-yous, the whole way: a host writes, fans read and answer, mail comes over SMTP and ends by one press."""

import asyncio
import io
import re
import zipfile
from collections.abc import Iterator

import httpx2
import msgspec
import pytest

from fanfare.community import decide, thanking, unsubscribing
from fanfare.community.thanking import Written
from fanfare.members import joining
from fanfare.members.sending import send_due
from fanfare.members.sessions import open_session
from fanfare.platform.caller import Caller, Secret
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.settings import Settings
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.recognition import FanThanked
from tests.integration.browsing import browser, follow, send
from tests.integration.mailing import Mailbox, mail_server
from tests.integration.traces import in_database
from tests.page_reader import all_read
from tests.site_fixture import ADDRESS, SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
WORDS, QUESTION, ANSWER = "Your bay leaf made the orange sing.", "Would you cook it with us?", "Any day but Tuesday."
NOOR = "noor@example.org"


@pytest.fixture
def post() -> Iterator[tuple[Mailbox, Settings]]:
    with mail_server() as running:
        yield running


async def a_member(site: SiteUnderTest, name: str, email: str | None = None, role: str = "") -> tuple[str, httpx2.AsyncClient]:
    """Return a new member and the browser she is signed in with."""
    member = await joining.join(site.parts.desk, name, email=email)
    if role:
        (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        return member, browser(site, await open_session(connection, member, "browser", "test"))


def host_of(member: str) -> Caller:
    return Caller(member, "Emeka Obi", frozenset(("host",)), by_token=True, secret=Secret())


async def rows(site: SiteUnderTest, query: str, *given: object) -> list[tuple[object, ...]]:
    async with site.parts.pool.connection() as connection:
        return await (await connection.execute(query.encode(), given)).fetchall()


async def delivered(site: SiteUnderTest) -> None:
    """Wait until the worker has delivered all that was written."""
    async with asyncio.timeout(20):
        while True:
            if not await rows(site, "select from vault.thanked where delivered_at is null limit 1"):
                return
            await asyncio.sleep(0.05)


async def in_record(site: SiteUnderTest) -> dict[str, FanThanked]:
    """Return the thanks of the record by the id of the event: of one that was appended twice the first."""
    found: dict[str, FanThanked] = {}
    for stored in await site.parts.log.read(0, 0, 5000):
        for each in unpack(0, stored.offset, stored.body).events:
            if isinstance(each, Recorded) and isinstance(each.event, FanThanked):
                found.setdefault(each.id, each.event)
    return found


async def thank(site: SiteUnderTest, host: httpx2.AsyncClient, to: str, **fields: str) -> httpx2.Response:
    """Go the way that a host goes: the form, the preview, the button; return the desk afterwards."""
    page = await host.get(f"/host/thanks?to={to}")
    shown = await send(host, page, "/host/thanks", act="preview", **{"words": WORDS, "question": QUESTION, **fields})
    assert shown.status_code == 200, shown.text
    done = await follow(host, await send(host, shown, "/host/thanks", act="send"))
    await thanking.deliver(site.parts.desk)  # as the worker does, which may be at it at the same time
    await delivered(site)
    return done


async def test_a_fan_is_thanked_reads_answers_and_the_answer_comes_back(
    site: SiteUnderTest, post: tuple[Mailbox, Settings]
) -> None:
    mailbox, settings = post
    emeka, host = await a_member(site, "Emeka Obi", "emeka@example.org", "host")
    noor, she = await a_member(site, "Noor A.", NOOR)

    await thank(site, host, noor)

    assert [(each.by, each.members) for each in (await in_record(site)).values()] == [(emeka, (noor,))]
    mine = await she.get("/me")
    assert "Emeka Obi thanks you" in mine.text
    assert "It asks you something." in mine.text
    await send_due(site.parts.pool, settings)
    (mail,) = mailbox.to(NOOR)
    assert mail["Subject"] == "Emeka Obi of Pomfret Soda thanks you"
    body = mail.get_content()
    assert WORDS in body
    assert QUESTION in body
    link = re.findall(r"https?://\S+/me/thanks/\S+", body)[0].removeprefix(ADDRESS)
    letter = await she.get(link)
    assert WORDS in letter.text
    answered = await follow(she, await send(she, letter, link, answer=ANSWER))
    assert "You answered on" in answered.text
    again = await she.post(link, data={"csrf": hidden_csrf(letter.text), "answer": "Something else."})
    assert again.status_code == 409
    await send_due(site.parts.pool, settings)
    (told,) = mailbox.to("emeka@example.org")
    assert told["Subject"] == "Your thank-you was answered"
    assert ANSWER not in told.get_content()
    assert told["List-Unsubscribe"] is None
    desk = await host.get("/host/thanks")
    assert "One answer waits for you" in desk.text
    assert ANSWER in desk.text
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", desk.text))
    assert figures == {"Sent to": "1", "On their pages": "1", "By mail, too": "1", "Opened": "1", "Answered": "1"}
    await thank(site, host, noor, words="Wednesday then.", question="")
    assert "waits for you" not in (await host.get("/host/thanks")).text


def hidden_csrf(html: str) -> str:
    return str(re.findall(r'name="csrf" value="([^"]*)"', html)[0])


async def test_one_press_in_a_mail_program_ends_mail_of_this_kind_without_session_or_form(
    site: SiteUnderTest, post: tuple[Mailbox, Settings]
) -> None:
    mailbox, settings = post
    _, host = await a_member(site, "Emeka Obi", None, "host")
    noor, she = await a_member(site, "Noor A.", NOOR)
    await thank(site, host, noor)
    await send_due(site.parts.pool, settings)
    (mail,) = mailbox.to(NOOR)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(r"<(\S+)>", str(mail["List-Unsubscribe"]))
    assert address
    assert address[1] in mail.get_content()
    link = address[1].removeprefix(ADDRESS)

    looked = await browser(site).get(link)
    still = await rows(site, "select thanks_by_mail from vault.members where id = %s", noor)
    program = httpx2.AsyncClient(transport=httpx2.ASGITransport(site.app), base_url=ADDRESS)
    pressed = await program.post(
        link, content="List-Unsubscribe=One-Click", headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert (looked.status_code, still) == (200, [(True,)])
    assert "Get no more of this mail?" in looked.text
    assert looked.headers["cache-control"].startswith("no-store")
    assert pressed.status_code == 200
    await thank(site, host, noor, words="Once more.")
    await send_due(site.parts.pool, settings)
    assert len(mailbox.to(NOOR)) == 1
    assert (await she.get("/me")).text.count("Emeka Obi thanks you") == 2
    kept = await she.get("/me/kept")
    assert "Thank-yous stay on your page" in kept.text
    await follow(she, await send(she, kept, "/me/kept/thanks"))
    await thank(site, host, noor, words="And again.")
    await send_due(site.parts.pool, settings)
    assert len(mailbox.to(NOOR)) == 2


async def test_the_button_on_the_page_does_the_same_for_somebody_who_is_not_signed_in(site: SiteUnderTest) -> None:
    noor, _ = await a_member(site, "Noor A.", NOOR)
    stranger = browser(site)
    link = unsubscribing.link(site.parts.desk, noor).removeprefix(ADDRESS)

    done = await send(stranger, await stranger.get(link), link)

    assert "No more mail of this kind" in done.text
    assert await rows(site, "select thanks_by_mail from vault.members where id = %s", noor) == [(False,)]


@pytest.mark.parametrize("wrong", ["", "0000000000000000.abcd", "%00", "x" * 300, "9f86d081884c7d65", "."])
async def test_a_token_that_is_not_ours_ends_nothing(site: SiteUnderTest, wrong: str) -> None:
    noor, _ = await a_member(site, "Noor A.", NOOR)

    answers = [await browser(site).post(f"/unsubscribe?token={each}") for each in (wrong, f"{noor}.{wrong}")]

    assert {each.status_code for each in answers} <= {404, 422}
    assert await rows(site, "select thanks_by_mail from vault.members where id = %s", noor) == [(True,)]


async def test_a_segment_is_thanked_in_portions_and_a_crash_in_the_middle_thanks_nobody_twice(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch, post: tuple[Mailbox, Settings]
) -> None:
    mailbox, settings = post
    emeka, _ = await a_member(site, "Emeka Obi", None, "host")
    monkeypatch.setattr(thanking, "MOST_THANKED", 2)
    fans = [(await a_member(site, f"Fan {n}", f"fan{n}@example.org"))[0] for n in range(5)]
    crashes = iter([True, False, True])
    mark = thanking._mark

    async def crashing(desk: Desk, portion: thanking.Portion) -> None:
        if next(crashes, False):
            raise ConnectionError
        await mark(desk, portion)

    monkeypatch.setattr(thanking, "_mark", crashing)
    asked = Asked(emeka, "thank", "thanks", "key-1")
    written = Written(WORDS, QUESTION, segment="new")
    ids = {await thanking.write(site.parts.desk, asked, host_of(emeka), written) for _ in range(3)}

    await delivered(site)

    assert len(ids) == 1
    assert not next(crashes, False), "it did not crash"
    thanked = [member for each in (await in_record(site)).values() for member in each.members]
    assert sorted(thanked) == sorted(fans)
    assert {len(each.members) for each in (await in_record(site)).values()} == {1, 2}
    await send_due(site.parts.pool, settings)
    assert sorted(recipients[0] for recipients, _ in mailbox.mails) == [f"fan{n}@example.org" for n in range(5)]


async def test_a_host_writes_so_many_a_day_and_is_told_clearly(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    noor, _ = await a_member(site, "Noor A.")
    for _ in range(decide.MOST_A_DAY):
        await thank(site, host, noor)

    page = await host.get(f"/host/thanks?to={noor}")
    refused = await send(host, page, "/host/thanks", act="send", words="One too many.")

    assert refused.status_code == 409
    assert "You wrote twenty thank-yous today." in refused.text
    assert "One too many." in refused.text
    assert await rows(site, "select count(*) from vault.thanks") == [(decide.MOST_A_DAY,)]


async def test_nobody_else_reads_or_answers_what_was_written_to_a_fan(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    noor, _ = await a_member(site, "Noor A.")
    _, jonah = await a_member(site, "Jonah P.")
    _, other_host = await a_member(site, "Dora", None, "host")
    await thank(site, host, noor)
    ((thanks,),) = await rows(site, "select id from vault.thanks")

    read = await jonah.get(f"/me/thanks/{thanks}")
    stranger = await browser(site).get(f"/me/thanks/{thanks}")
    desk = await other_host.get("/host/thanks")

    assert (read.status_code, stranger.status_code) == (404, 303)
    assert WORDS not in read.text + desk.text
    assert await rows(site, "select opened_at from vault.thanked") == [(None,)]


async def test_an_erased_fan_leaves_no_answer_and_an_erased_host_no_words(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    noor, she = await a_member(site, "Noor A.")
    jonah, he = await a_member(site, "Jonah P.", "jonah@example.org")
    for each in (noor, jonah):
        await thank(site, host, each)
    for client in (she, he):
        ((thanks,),) = await rows(site, "select thanks from vault.thanked where member = %s", noor if client is she else jonah)
        letter = await client.get(f"/me/thanks/{thanks}")
        await send(client, letter, f"/me/thanks/{thanks}", answer=ANSWER if client is she else "Gladly.")

    erased = await she.post("/api/v1/me/erasure", json={"words": "erase me"})

    assert erased.status_code == 200
    assert in_database(site.database, [ANSWER]) == {}
    desk = await host.get("/host/thanks")
    assert ANSWER not in desk.text
    assert "Gladly." in desk.text
    assert (await host.post("/api/v1/me/erasure", json={"words": "erase me"})).status_code == 200
    assert in_database(site.database, [WORDS, QUESTION, "Gladly."]) == {}
    assert "thanks you" not in (await he.get("/me")).text


async def test_her_export_has_what_came_to_her_and_what_she_answered(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    noor, she = await a_member(site, "Noor A.")
    await thank(site, host, noor)
    ((thanks,),) = await rows(site, "select id from vault.thanks")
    letter = await she.get(f"/me/thanks/{thanks}")
    await send(she, letter, f"/me/thanks/{thanks}", answer=ANSWER)

    archive = zipfile.ZipFile(io.BytesIO((await she.get("/api/v1/me/export")).content))

    (line,) = msgspec.json.decode(archive.read("thanks.json"))
    assert (line["way"], line["words"], line["question"], line["answer"]) == ("to you", WORDS, QUESTION, ANSWER)
    assert "thanks.json" in archive.read("README.txt").decode()


async def rows_of(site: SiteUnderTest, statement: str, *given: object) -> None:
    async with site.parts.pool.connection() as connection:
        await connection.execute(statement.encode(), given)


async def test_several_fans_who_were_found_by_name_are_counted_and_each_gets_it_as_her_own(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    (noor, she), (jonah, he), (ewa, third) = [await a_member(site, name) for name in ("Noor A.", "Jonah P.", "Ewa D.")]

    page = await host.get(f"/host/thanks?to={noor}&find=a")
    assert "Add Noor A." not in page.text
    page = await host.get(
        re.findall(rf'href="(/host/thanks[^"#]*{jonah}[^"#]*)#write">Add', (await find(host, noor, "jonah")).text)[0]
    )
    page = await host.get(
        re.findall(rf'href="(/host/thanks[^"#]*{ewa}[^"#]*)#write">Add', (await find(host, f"{noor}.{jonah}", "ewa")).text)[0]
    )
    page = await host.get(re.findall(r'href="([^"#]*)#write">Leave out<span class="vh"> Ewa D.', page.text)[0])
    shown = await send(host, page, "/host/thanks", act="preview", words=WORDS, question=QUESTION)
    await follow(host, await send(host, shown, "/host/thanks", act="send"))
    await thanking.deliver(site.parts.desk)
    await delivered(site)

    assert "So 2 fans will read it" in shown.text
    assert "To Jonah P. and Noor A." in shown.text
    assert ["Emeka Obi thanks you" in (await each.get("/me")).text for each in (she, he, third)] == [True, True, False]
    assert re.search(r"To Jonah P. and one other, |To Noor A. and one other, ", (await host.get("/host/thanks")).text)


async def find(host: httpx2.AsyncClient, to: str, name: str) -> httpx2.Response:
    """Look for one fan more."""
    return await host.get(f"/host/thanks?to={to}&find={name}")


async def test_more_than_fifty_names_are_refused_and_what_was_typed_is_kept(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    noor, _ = await a_member(site, "Noor A.")

    page = await host.get(f"/host/thanks?to={noor}")
    named = ".".join([noor, *(f"fan{n}" for n in range(50))])
    refused = await send(host, page, "/host/thanks", act="preview", words=WORDS, to=named)

    assert refused.status_code == 422
    assert "You named more than fifty fans." in refused.text
    assert WORDS in refused.text


async def test_a_name_finds_only_those_whose_page_is_public_and_never_a_host(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    await a_member(site, "Noor A.")
    hidden, _ = await a_member(site, "Noor Hidden")
    await a_member(site, "Noor the host", None, "host")
    await rows_of(site, "update vault.members set shown = false where id = %s", hidden)

    page = await host.get("/host/thanks?find=noor")

    assert "Thank Noor A." in page.text
    assert "Noor Hidden" not in page.text
    assert "Thank Noor the host" not in page.text


async def test_kudos_are_praise_on_her_page_and_word_of_them_comes_once_a_day(
    site: SiteUnderTest, post: tuple[Mailbox, Settings]
) -> None:
    mailbox, settings = post
    noor, _ = await a_member(site, "Noor A.", NOOR)
    for name in ("Jonah P.", "Ewa D."):
        fan = await site.fan(name)
        (await fan.post(f"/api/v1/members/{noor}/kudos", json={"words": f"{name} says so."})).raise_for_status()
    await all_read(site)
    await send_due(site.parts.pool, settings)

    found = (await site.stranger.get(f"/api/v1/members/{noor}/kudos")).json()["kudos"]

    assert [(each["by_name"], each["words"]) for each in found] == [
        ("Ewa D.", "Ewa D. says so."),
        ("Jonah P.", "Jonah P. says so."),
    ]
    (mail,) = mailbox.to(NOOR)
    assert mail["Subject"] == "You got kudos"
    assert "says so" not in mail.get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
