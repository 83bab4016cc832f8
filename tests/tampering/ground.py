"""How much is tried, from which seed, and on which records."""

import os
import time
from collections.abc import Iterator
from functools import cache
from random import Random

from tests.tampering.published import Published, publish
from tests.tampering.stories import told

SEED = int(os.environ.get("FANFARE_SEED") or time.time_ns() % 1_000_000)
LONG = bool(os.environ.get("FANFARE_LONG"))
"""The long form, as `make tampering` runs it."""
RECORDS = 40 if LONG else 6
"""How many records there are to be changed."""
CLEAN, CLEAN_SITES = (100, 30) if LONG else (8, 3)
"""How many audits of archives there are with nothing to be found; and of sites, receipts, and by witnesses, of each."""


@cache
def record(number: int) -> Published:
    """Return one of the records that are changed, published."""
    return publish(told(SEED * 1000 + number))


def occasions(what: str, times: int) -> Iterator[tuple[Random, Published]]:
    """
    Yield random numbers and a record, more often than *times*: not each record gives an occasion for everything.

    A few records may give none at all, so each try has one more record to choose from.
    """
    for number in range(times * 25):
        random = Random(f"{SEED} {what} {number}")
        yield random, record(random.randrange(RECORDS + number))
