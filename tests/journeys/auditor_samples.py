"""Contexts of the pages about checking, as samples."""

from fanfare.web.contexts import members
from tests.journeys.sample_ground import HASH

LIMITS = """Fanfare shows that its numbers follow from its record. This page says what that does not show.

## One person, one ballot

An address is not a person. *Somebody with two addresses can vote twice.*

## One record for everybody

- a stranger can replay what we gave them
- only comparing with others shows that all were given the same
"""
CHECK = members.CheckPage(
    "taste.pomfret.example/record",
    (members.PartitionHead(0, 8205, 12044), *(members.PartitionHead(p, 30442 - 91 * p, 28001 + 17 * p) for p in (1, 2, 3))),
    "fanfare replay record.fanfare",
    "record.fanfare",
    members.SealToCheck(
        "Flavour",
        "The Eighth Flavour",
        "/rounds/r1/report",
        "curl -s https://taste.pomfret.example/api/v1/rounds/r1/report | sha256sum",
        HASH,
    ),
    is_simulation=True,
)
