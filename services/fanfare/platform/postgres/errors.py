"""Why PostgreSQL could not be had; each message is one sentence for the person at the console."""


class PostgresUnavailable(Exception):
    """PostgreSQL could not be started, or ended before it was ready."""


class HomeInUse(PostgresUnavailable):
    """Another Fanfare already runs on this FANFARE_HOME."""


class StartInterrupted(PostgresUnavailable):
    """Somebody asked to stop before PostgreSQL was ready."""


class ServerUnfit(Exception):
    """
    The server of FANFARE_DATABASE_URL cannot hold Fanfare's record.

    Args:
        missing: one sentence each, saying what is missing and what to do about it.
    """

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("FANFARE_DATABASE_URL: " + " ".join(missing))
        self.missing = missing
