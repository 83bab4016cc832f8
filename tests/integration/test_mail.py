"""Mail on the real thing: an outbox in PostgreSQL, a mail server on a port of this machine."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from psycopg_pool import AsyncConnectionPool
from structlog.testing import capture_logs

from fanfare.campaigns.refusals import RoundNotOpen
from fanfare.members import joining, mail, notices
from fanfare.members.mail import queue
from fanfare.members.sending import send_due
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.settings import Settings
from fanfare.record.site import SiteFounded

pytestmark = pytest.mark.postgres

ABROAD = "127.0.0.2"
"""An address that is not one of this machine's usual names, so mail to it is not trusted to stay here."""
ANNA, BERT, CLEO = "anna@example.org", "bert@example.org", "cleo@example.org"


class Postbox:
    """A mail server that keeps what it gets, and says no where it was told to."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.answers: dict[str, str] = {}
        """By recipient, what is answered instead of taking the mail."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        del server, session, options
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        self.mails.append(envelope)
        return "250 Kept"

    @property
    def recipients(self) -> list[str]:
        """Who got a mail, in order."""
        return [recipient for each in self.mails for recipient in each.rcpt_tos]


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def settings(postbox: Postbox) -> Iterator[Settings]:
    port = a_free_port()
    server = Controller(postbox, hostname="127.0.0.1", port=port)
    server.start()
    yield Settings(smtp_url=f"smtp://127.0.0.1:{port}", mail_from="Pomfret Soda <soda@fans.example>")
    server.stop()


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


SUBJECT = "Sign in to Pomfret Soda"


async def put(pool: AsyncConnectionPool, *recipients: str, body: str = "Hello.\n", subject: str = SUBJECT) -> None:
    async with pool.connection() as connection:
        for each in recipients:
            await queue(connection, each, subject, body)


def received(postbox: Postbox) -> EmailMessage:
    """Return the first mail that arrived, as a mail program reads it."""
    content = postbox.mails[0].content
    assert isinstance(content, bytes)
    return message_from_bytes(content, policy=default)


async def outbox(pool: AsyncConnectionPool, columns: str) -> list[tuple[object, ...]]:
    async with pool.connection() as connection:
        return await (await connection.execute(f"select {columns} from vault.outbox order by id".encode())).fetchall()


async def a_desk(pool: AsyncConnectionPool, name: str, *, simulation: bool = False) -> Desk:
    desk = Desk(pool, PostgresLog(pool, 4), b"v" * 32, name)
    founded = SiteFounded(name=name, brand="ab" * 32, colour="#ff5c7c", zone="UTC", partitions=4, simulation=simulation)
    await desk.decide("site", Asked("console", "found", "site", "1"), lambda _: [founded])
    return desk


async def test_a_mail_leaves_as_it_was_written(pool: AsyncConnectionPool, postbox: Postbox, settings: Settings) -> None:
    await put(pool, ANNA, body="Grüße,\n\nhttps://fans.example/sign-in/confirm?token=abc\n")

    sent = await send_due(pool, settings)

    assert sent == 1
    message = received(postbox)
    assert (message["From"], message["To"], message["Subject"]) == ("Pomfret Soda <soda@fans.example>", ANNA, SUBJECT)
    assert message.get_content().replace("\r\n", "\n") == "Grüße,\n\nhttps://fans.example/sign-in/confirm?token=abc\n"
    assert message["Message-ID"].endswith("@fans.example>")


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        ("Sign in to Æther & Söhne 🥤", "Sign in to Æther & Söhne 🥤"),
        ("=?utf-8?q?Your_bank?= has no result", "=?utf-8?q?Your_bank?= has no result"),
        ("=?utf-8?b?WW91ciBiYW5r?=", "=?utf-8?b?WW91ciBiYW5r?="),
        ("Soda\r\nBcc: bert@example.org\r\n\r\nYou have won", "Soda Bcc: bert@example.org You have won"),
        ("Soda\u2028and\x0bmore", "Soda and more"),
        ("“" + "Sauerkirsche, Rhabarber " * 12 + "” closes later", "“" + "Sauerkirsche, Rhabarber " * 12 + "” closes later"),
    ],
)
async def test_a_subject_arrives_as_the_words_it_is_made_of(
    pool: AsyncConnectionPool, postbox: Postbox, settings: Settings, written: str, arrives: str
) -> None:
    await put(pool, ANNA, subject=written)

    assert await send_due(pool, settings) == 1

    message = received(postbox)
    assert message["Subject"] == arrives
    assert message.keys().count("Subject") == 1
    assert message["Bcc"] is None
    assert message.get_content().replace("\r\n", "\n") == "Hello.\n"
    assert postbox.recipients == [ANNA]


async def test_what_has_left_is_sent_no_more_and_nothing_of_it_is_kept(
    pool: AsyncConnectionPool, postbox: Postbox, settings: Settings
) -> None:
    await put(pool, ANNA, BERT)

    counts = [await send_due(pool, settings) for _ in range(3)]

    assert counts == [2, 0, 0]
    assert postbox.recipients == [ANNA, BERT]
    assert await outbox(pool, "recipient, body, sent_at is not null, failure") == [("", "", True, None)] * 2


async def test_many_workers_send_each_mail_once(pool: AsyncConnectionPool, postbox: Postbox, settings: Settings) -> None:
    everybody = [f"fan{number}@example.org" for number in range(40)]
    await put(pool, *everybody)

    counts = await asyncio.gather(*(send_due(pool, settings) for _ in range(4)))

    assert sum(counts) == 40
    assert sorted(postbox.recipients) == sorted(everybody)


async def test_a_mail_that_cannot_leave_now_is_kept_with_its_failure_and_leaves_later(
    pool: AsyncConnectionPool, postbox: Postbox, settings: Settings
) -> None:
    postbox.answers[ANNA] = "451 Try again later"
    await put(pool, ANNA, BERT)
    with capture_logs() as logged:
        first = await send_due(pool, settings)
    waiting = await outbox(pool, "attempts, failure like '%%451%%later%%', next_try_at > now() + interval '10 seconds'")

    postbox.answers.clear()
    too_early = await send_due(pool, settings)
    async with pool.connection() as connection:
        await connection.execute("update vault.outbox set next_try_at = now()")
    second = await send_due(pool, settings)

    assert (first, too_early, second) == (1, 0, 1)
    assert waiting[0] == (1, True, True)
    assert postbox.recipients == [BERT, ANNA]
    assert await outbox(pool, "failure") == [(None,), (None,)]
    assert logged
    assert ANNA not in str(logged)


async def test_an_address_that_the_server_does_not_know_is_given_up(
    pool: AsyncConnectionPool, postbox: Postbox, settings: Settings
) -> None:
    postbox.answers[ANNA] = "550 No such mailbox"
    await put(pool, ANNA, BERT)

    await send_due(pool, settings)

    assert postbox.recipients == [BERT]
    given_up = await outbox(pool, "next_try_at = 'infinity', failure like '%%550%%', sent_at is null")
    assert given_up[0] == (True, True, True)


async def test_a_recipient_that_would_write_headers_is_given_up_and_the_next_mail_leaves(
    pool: AsyncConnectionPool, postbox: Postbox, settings: Settings
) -> None:
    await put(pool, f"{ANNA}\r\nBcc: {CLEO}", BERT)

    await send_due(pool, settings)

    assert postbox.recipients == [BERT]


async def test_without_an_answer_from_the_server_the_mail_waits(pool: AsyncConnectionPool) -> None:
    settings = Settings(smtp_url=f"smtp://127.0.0.1:{a_free_port()}")
    await put(pool, ANNA, BERT)

    sent = await send_due(pool, settings)

    assert sent == 0
    assert await outbox(pool, "attempts, failure is not null, sent_at is null") == [(1, True, True), (0, False, True)]


async def test_a_server_abroad_that_offers_no_encryption_gets_no_mail(pool: AsyncConnectionPool, postbox: Postbox) -> None:
    port = a_free_port()
    server = Controller(postbox, hostname=ABROAD, port=port)
    server.start()
    await put(pool, ANNA)

    sent = await send_due(pool, Settings(smtp_url=f"smtp://{ABROAD}:{port}"))
    server.stop()

    assert (sent, postbox.mails) == (0, [])
    assert await outbox(pool, "sent_at is null, attempts") == [(True, 1)]


async def test_one_key_queues_one_mail(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as connection:
        queued = [await queue(connection, ANNA, "Voided", "Sorry.", "void:1") for _ in range(3)]

    assert queued == [True, False, False]


async def test_a_mail_queued_in_a_transaction_that_fails_was_never_there(pool: AsyncConnectionPool) -> None:
    async def void_the_round() -> None:
        async with pool.connection() as connection:
            await queue(connection, ANNA, "Voided", "Sorry.")
            raise RoundNotOpen

    with pytest.raises(RoundNotOpen):
        await void_the_round()

    assert await outbox(pool, "recipient") == []


async def test_without_a_mail_server_mail_stays_for_the_mailbox_of_a_local_site_or_a_simulation(
    pool: AsyncConnectionPool,
) -> None:
    here = await a_desk(pool, "http://localhost:8000")
    await put(pool, ANNA, body="Open https://fans.example/sign-in/confirm?token=abc now.\n")
    await put(pool, BERT)

    sent = await send_due(pool, Settings())
    async with pool.connection() as connection:
        shown = await mail.mailbox(connection)

    assert sent == 0
    assert [(each.recipient, each.link) for each in shown] == [
        (BERT, ""),
        (ANNA, "https://fans.example/sign-in/confirm?token=abc"),
    ]
    assert await mail.has_mailbox(here, Settings())
    assert not await mail.has_mailbox(here, Settings(smtp_url="smtp://127.0.0.1"))


@pytest.mark.parametrize(("simulation", "shown"), [(False, False), (True, True)])
async def test_a_public_site_shows_no_mailbox_unless_it_is_a_simulation(
    pool: AsyncConnectionPool,
    simulation: bool,  # noqa: FBT001 - what pytest gives
    shown: bool,  # noqa: FBT001 - the same
) -> None:
    desk = await a_desk(pool, "https://fans.example", simulation=simulation)

    assert await mail.has_mailbox(desk, Settings()) is shown


async def test_those_who_voted_are_told_once(pool: AsyncConnectionPool, postbox: Postbox, settings: Settings) -> None:
    desk = await a_desk(pool, "https://fans.example", simulation=True)
    anna, bert, _ = [await joining.join(desk, "", email=each) for each in (ANNA, BERT, CLEO)]
    [(program, _)] = await joining.join_many(desk, ["Program"])
    async with pool.connection() as connection:
        for each in (anna, bert, program):
            await connection.execute("insert into vault.took_part values ('final', %s)", (each,))

    told = [await notices.tell_voters(pool, desk, "final", "The round is void", "A bottle broke.", "e1") for _ in range(2)]
    again = await notices.tell_voters(pool, desk, "final", "The round is longer", "A day more.", "e2")
    await send_due(pool, settings)

    assert (told, again) == ([2, 0], 2)
    assert sorted(postbox.recipients) == [ANNA, ANNA, BERT, BERT]


async def test_what_ended_long_ago_is_deleted(pool: AsyncConnectionPool) -> None:
    await put(pool, ANNA, BERT)
    async with pool.connection() as connection:
        await connection.execute("update vault.outbox set created_at = now() - interval '31 days' where recipient = %s", (ANNA,))

    await mail.tidy(pool)

    assert await outbox(pool, "recipient") == [(BERT,)]
