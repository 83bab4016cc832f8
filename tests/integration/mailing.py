"""A real mail server for tests, and the mails it got as a mail program reads them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from fanfare.platform.settings import Settings


class Mailbox:
    """Keeps what it gets."""

    def __init__(self) -> None:
        """Begin empty."""
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail with its recipients."""
        del server, session
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((list(envelope.rcpt_tos), message_from_bytes(content, policy=default)))
        return "250 Kept"

    def to(self, recipient: str) -> list[EmailMessage]:
        """Return the mails that somebody got, in order."""
        return [mail for recipients, mail in self.mails if recipient in recipients]


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, Settings]]:
    """Run a mail server on a free port, and give what it keeps with the settings that send there."""
    mailbox = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield mailbox, Settings(smtp_url=f"smtp://127.0.0.1:{port}", mail_from="Pomfret Soda <soda@fans.example>")
    finally:
        server.stop()
