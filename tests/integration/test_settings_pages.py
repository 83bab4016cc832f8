"""What admins set in the browser: brand and notices, mail, people and roles; and what can be taken along."""

import asyncio
import io
import re
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx2
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from PIL import Image

from fanfare.audit.checks.replay import replay
from fanfare.members import invitations, joining, mail
from fanfare.members.forgetting import forget_members
from fanfare.members.sessions import open_session
from fanfare.platform.settings import Settings
from tests.integration.browsing import browser, follow, form, send, signed_in
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
SETTINGS, MAIL, PEOPLE = "/host/settings", "/host/settings/mail", "/host/people"
ADA = "ada@fans.example"


async def an_admin(site: SiteUnderTest, name: str = "Ada N.", email: str = ADA) -> httpx2.AsyncClient:
    """Return the browser of an admin who has an address."""
    member = await joining.join(site.parts.desk, name, email=email)
    (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": "admin"})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        return browser(site, await open_session(connection, member, "browser", "test"))


class Postbox:
    """A mail server that wants a password, and keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.second = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        self.mails.append(envelope)
        if len(self.mails) == 2:
            self.loop.call_soon_threadsafe(self.second.set)
        return "250 Kept under number 7"

    def subjects(self) -> list[str]:
        """Return what the mails are about, in order."""
        bodies = [each.content for each in self.mails if isinstance(each.content, bytes)]
        return [str(message_from_bytes(each, policy=default)["Subject"]) for each in bodies]


def knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, secret: object) -> AuthResult:
    """Let in whoever has the password."""
    del server, session, envelope, mechanism
    right = isinstance(secret, LoginPassword) and secret.password == b"swordfish"
    return AuthResult(success=right, handled=right)


@pytest.fixture
async def postbox() -> AsyncIterator[tuple[Postbox, dict[str, str]]]:
    """Give a mail server and the fields that lead to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    kept = Postbox()
    server = Controller(kept, hostname="127.0.0.1", port=port, authenticator=knows, auth_require_tls=False)
    server.start()
    fields = {"host": "127.0.0.1", "port": str(port), "encryption": "none", "sender": "Pomfret Soda <soda@fans.example>"}
    yield kept, {**fields, "username": "pomfret", "password": "swordfish"}
    server.stop()


async def test_what_an_admin_changes_is_on_every_page_and_among_the_public_decisions(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    page = await admin.get(SETTINGS)
    written = {
        "brand": "Pomfret & Daughters",
        "colour": "#ffc629",
        "privacy": "## What we keep\n\nYour name.",
        "reason": "A new name.",
    }

    await follow(admin, await send(admin, page, SETTINGS, **written))
    await all_read(site)
    front, notice, told = [await browser(site).get(path) for path in ("/", "/privacy", "/site/decisions")]

    assert "Pomfret &amp; Daughters" in front.text
    assert "/brand.css?c=ffc629" in front.text
    assert ('href="/privacy"' in front.text, 'href="/imprint"' in front.text) == (True, False)
    assert "What we keep</h" in notice.text
    assert "changed the brand’s name, the colour and the privacy notice" in told.text
    assert "A new name." in told.text
    assert (await browser(site).get("/imprint")).status_code == 404
    assert (await site.stranger.get("/api/v1/site")).json()["brand"] == "Pomfret & Daughters"


async def test_of_two_admins_who_change_the_site_at_once_one_is_told_and_keeps_her_words(site: SiteUnderTest) -> None:
    ada, bo = await an_admin(site), await an_admin(site, "Bo L.", "bo@fans.example")
    pages = [await each.get(SETTINGS) for each in (ada, bo)]

    answers = await asyncio.gather(
        send(ada, pages[0], SETTINGS, brand="Ada’s Soda"), send(bo, pages[1], SETTINGS, brand="Bo’s Soda", reason="Mine.")
    )
    [refused] = [each for each in answers if each.status_code == 409]
    loser, brand = (bo, "Bo’s Soda") if answers[1] is refused else (ada, "Ada’s Soda")
    await follow(loser, await send(loser, refused, SETTINGS))

    assert sorted(each.status_code for each in answers) == [303, 409]
    assert "Somebody decided first:" in refused.text
    assert form(refused.text, SETTINGS).fields["brand"] == brand
    assert (await site.stranger.get("/api/v1/site")).json()["brand"] == brand


async def test_a_logo_is_made_anew_stands_in_the_masthead_and_is_taken_away_again(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    page = await admin.get(SETTINGS)
    fields = form(page.text, SETTINGS).fields
    drawn = io.BytesIO()
    Image.new("RGB", (640, 320), "#ff5c7c").save(drawn, "PNG")

    wrong = await admin.post(SETTINGS, data=fields, files={"logo": ("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")})
    await follow(admin, await admin.post(SETTINGS, data=fields, files={"logo": ("logo.png", drawn.getvalue())}))
    await all_read(site)
    front = await browser(site).get("/")
    [address] = re.findall(r'class="logo" src="([^"]+)"', front.text)
    shown = await browser(site).get(address)
    gone = await follow(admin, await send(admin, await admin.get(SETTINGS), SETTINGS, no__logo="yes"))

    assert wrong.status_code in (415, 422)
    assert 'id="logo-wrong"' in wrong.text
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert 'class="logo"' not in gone.text


@pytest.mark.parametrize(
    ("field", "answer", "said"),
    [
        ("brand", " ", "The brand is empty."),
        ("colour", "reddish", "The colour needs six hexadecimal digits"),
        ("zone", "Mars/Olympus", "is not a time zone"),
        ("imprint", "a\u202eb", "characters that cannot be seen"),
    ],
)
async def test_an_answer_that_cannot_be_taken_stays_in_its_field(site: SiteUnderTest, field: str, answer: str, said: str) -> None:
    admin = await an_admin(site)

    refused = await send(admin, await admin.get(SETTINGS), SETTINGS, **{"reason": "Because.", field: answer})

    assert refused.status_code == 422
    assert said in refused.text
    assert form(refused.text, SETTINGS).fields["reason"] == "Because."


async def test_a_test_sends_a_real_mail_and_says_what_the_server_said_and_saving_takes_effect_at_once(
    site: SiteUnderTest, postbox: tuple[Postbox, dict[str, str]]
) -> None:
    kept, fields = postbox
    admin = await an_admin(site)
    page = await admin.get(MAIL)

    wrong = await send(admin, page, MAIL, act="test", **{**fields, "password": "guess"})
    tried = await send(admin, page, MAIL, act="test", **fields)
    saved = await follow(admin, await send(admin, tried, MAIL, act="save"))
    await browser(site).post("/sign-in", data={"email": "noor@fans.example"})
    await asyncio.wait_for(kept.second.wait(), 20)

    assert wrong.status_code == 422
    assert "does not take this user name with this password" in wrong.text
    assert "535" in wrong.text
    assert f"Look into {ADA}" in tried.text
    assert "250 Kept under number 7" in tried.text or "Kept under number 7" in tried.text
    assert kept.subjects() == ["A test of your mail settings", "Sign in to Pomfret Soda"]
    assert all("swordfish" not in each.text for each in (wrong, tried, saved))
    assert not await mail.has_mailbox(site.parts.desk, Settings())


async def test_a_server_that_is_not_there_is_told_in_plain_words(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    fields = {"host": "127.0.0.1", "port": port, "encryption": "none", "sender": "soda@fans.example"}

    tried = await send(admin, await admin.get(MAIL), MAIL, act="test", **fields)

    assert tried.status_code == 422
    assert f"We could not reach 127.0.0.1, port {port}." in tried.text


async def test_the_password_is_kept_only_for_the_server_it_was_typed_for(
    site: SiteUnderTest, postbox: tuple[Postbox, dict[str, str]]
) -> None:
    _, fields = postbox
    admin = await an_admin(site)
    await follow(admin, await send(admin, await admin.get(MAIL), MAIL, act="save", **fields))

    page = await admin.get(MAIL)
    await follow(admin, await send(admin, page, MAIL, act="save", host="elsewhere.example.org"))

    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select body from vault.settings where name = 'mail'")).fetchone()
    assert "One is kept." in page.text
    assert row is not None
    assert (row[0]["host"], row[0]["password"]) == ("elsewhere.example.org", "")


async def test_roles_are_given_by_name_or_address_and_ended_with_a_reason_but_the_last_admin_stays(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    noor = await joining.join(site.parts.desk, "Noor A.", email="noor@fans.example")
    by_name, by_address = [await admin.get(f"{PEOPLE}?q={each}") for each in ("noor", "noor@fans.example")]

    given = await follow(admin, await send(admin, by_address, f"{PEOPLE}/grant", role="moderator"))
    shown = await follow(admin, await admin.post(f"{PEOPLE}/revoke", data=_revoke(given, noor, "moderator", "She asked.")))
    silent = await admin.post(f"{PEOPLE}/revoke", data=_revoke(given, noor, "moderator", ""))
    await all_read(site)
    told = await browser(site).get("/site/decisions")

    assert all("Noor A." in each.text for each in (by_name, by_address))
    assert "Noor A. is a moderator from now on." in given.text
    assert "Noor A. is no longer a moderator." in shown.text
    assert silent.status_code == 422
    assert "<b>Ada N.</b> made Noor A. a moderator" in told.text
    assert "ended that Noor A. is a moderator" in told.text
    assert "She asked." in told.text


def _revoke(page: httpx2.Response, member: str, role: str, reason: str) -> dict[str, str]:
    token = form(page.text, f"{PEOPLE}/invite").fields["csrf"]
    return {"csrf": token, "key": f"{member}{role}{reason}", "member": member, "role": role, "reason": reason}


async def test_the_last_admin_is_not_offered_an_end_and_cannot_post_one(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    people = (await site.host.get("/api/v1/members?role=admin")).json()["members"]
    founder = next(each["id"] for each in people if each["name"] == "Dora Lindqvist")
    page = await admin.get(PEOPLE)
    ended = await follow(admin, await admin.post(f"{PEOPLE}/revoke", data=_revoke(page, founder, "admin", "She left.")))
    mine = next(each["id"] for each in people if each["name"] == "Ada N.")

    refused = await admin.post(f"{PEOPLE}/revoke", data=_revoke(ended, mine, "admin", "Tired."))

    assert "The last admin stays" in (await admin.get(PEOPLE)).text
    assert refused.status_code == 409


async def test_somebody_new_is_invited_by_a_mail_and_comes_in_once_with_the_role(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    page = await admin.get(f"{PEOPLE}?q=new@fans.example")
    sent = await follow(admin, await send(admin, page, f"{PEOPLE}/invite", role="host"))
    async with site.parts.pool.connection() as connection:
        [found] = [each for each in await mail.mailbox(connection) if each.recipient == "new@fans.example"]
    link, guest = found.link[found.link.index("/invitation") :], browser(site)

    shown = await guest.get(link)
    nameless = await send(guest, shown, "/invitation", name=" ")
    desk = await follow(guest, await send(guest, shown, "/invitation", name="Emeka Obi"))
    again = await browser(site).get(link)
    people = (await site.host.get("/api/v1/members?role=host")).json()["members"]

    assert "new@fans.example" in sent.text
    assert "Be host at Pomfret Soda" in shown.text
    assert (nameless.status_code, "The name is empty." in nameless.text) == (422, True)
    assert "You are in. Welcome." in desk.text
    assert [each["name"] for each in people] == ["Emeka Obi"]
    assert again.status_code == 410


async def test_the_archive_of_the_site_replays_and_ideas_come_as_a_table_that_runs_nothing(
    site: SiteUnderTest, tmp_path: Path
) -> None:
    now = datetime.now(UTC).isoformat()
    campaign = await site.publish(round_of(method="support.v1", options_from="ideas", options=[], opens_at=now))
    await site.until(campaign["rounds"][0]["id"], "open")
    fan, host = await site.fan("=Noor"), await signed_in(site, "Emeka Obi", "host")
    idea = {"title": "=cmd|' /C calc'!A0", "body": "Tart.", "tags": "plum"}
    (await fan.post(f"/api/v1/rounds/{campaign['rounds'][0]['id']}/ideas", json=idea)).raise_for_status()
    await all_read(site)

    table, archive = await host.get(f"/host/exports/ideas/{campaign['id']}"), await browser(site).get("/record/archive")
    (tmp_path / "record.fanfare").write_bytes(archive.content)
    outcome = replay(tmp_path / "record.fanfare")

    assert "'=cmd|' /C calc'!A0" in table.text
    assert ",'=Noor," in table.text
    assert archive.headers["content-disposition"] == 'attachment; filename="record.fanfare"'
    assert outcome.exit_code == 0
    assert (await browser(site).get("/record/archive")).content == archive.content


async def test_an_invitation_goes_with_the_member_it_was_sent_to(site: SiteUnderTest) -> None:
    admin = await an_admin(site)
    await follow(admin, await send(admin, await admin.get(PEOPLE), f"{PEOPLE}/invite", email="wren@fans.example", role="host"))
    member = await joining.join(site.parts.desk, "Wren", email="wren@fans.example")

    async with site.parts.pool.connection() as connection:
        before = await invitations.under_way(connection)
    await forget_members(site.parts.pool, [member])
    async with site.parts.pool.connection() as connection:
        after = await invitations.under_way(connection)

    assert [each.email for each in before] == ["wren@fans.example"]
    assert after == []
