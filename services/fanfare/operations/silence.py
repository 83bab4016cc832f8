"""Whether the processes of a site are stopped, before its record in Kafka is mended: no lock keeps them out of there."""

import time

import psycopg

from fanfare.audit.claims import Progress
from fanfare.platform.presence import GONE_AFTER_S

THERE = "select to_regclass('platform.running') is not null"
HEARD = """
    select name, seen_at, ceil(%(gone_after_s)s - extract(epoch from now() - seen_at))::int from platform.running
     where seen_at > now() - make_interval(secs => %(gone_after_s)s) order by name
"""
_AGAIN_S = 0.5


class StillRunning(Exception):
    """A process of the site runs. Nothing was changed."""


def refuse_if_running(connection: psycopg.Connection, progress: Progress, gone_after_s: float = GONE_AFTER_S) -> None:
    """
    Return once no process of the site has told of itself for *gone_after_s* seconds; each does so every few.

    Raises:
        StillRunning: one goes on telling.
    """
    if connection.execute(THERE).fetchone() != (True,):
        return
    first: dict[str, object] = {}
    while heard := connection.execute(HEARD, {"gone_after_s": gone_after_s}).fetchall():
        for name, seen_at, left_s in heard:
            if first.setdefault(name, seen_at) != seen_at:
                raise StillRunning(
                    f"{name} runs. Stop every API and worker process of the site, and try again. Nothing was changed."
                )
            progress("waiting whether every process is stopped", int(gone_after_s) - left_s, int(gone_after_s))
        connection.commit()  # the next look is at another moment
        time.sleep(_AGAIN_S)
