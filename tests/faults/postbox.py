"""A mail server that remembers."""


class Postbox:
    """Keeps the Message-ID of each mail that it took."""

    def __init__(self) -> None:
        """Begin empty."""
        self.taken: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        content = bytes(getattr(envelope, "content", b""))
        self.taken += [line.decode() for line in content.splitlines() if line.lower().startswith(b"message-id:")]
        return "250 taken"
