"""Contexts of the auditors' room, as samples."""

from collections.abc import Mapping

import msgspec

from fanfare.record.sensitive import SENSITIVE, Kind
from fanfare.web.contexts import auditors
from fanfare.web.contexts.shell import Page, Shell
from fanfare.web.pages.auditors import PROGRAM
from fanfare.web.pages.sensitive import LABELS
from tests.journeys.sample_ground import HASH, ago

LIMITS = """Fanfare shows that its numbers follow from its record. This page says what that does not show.

## One person, one ballot

An address is not a person. *Somebody with two addresses can vote twice.*

## One record for everybody

- a stranger can replay what we gave them
- only comparing with others shows that all were given the same
"""
ROOT = "lMp2QvC4CRLYmEJSZ3RPSBv6WDkZ8s0xVmK0Gm3l5Hk="
ADDRESS = "https://taste.pomfret.example"
WIRES: Mapping[Kind, str] = {kind: event.wire for event, kind in SENSITIVE.items()}


def _act(
    at: int, who: str, what: str, kind: Kind, why: str = "", href: str = "", campaign: str = "", standing: str = ""
) -> auditors.ActLine:
    return auditors.ActLine(
        f"e{at}",
        (8204 - 91 * at) << 16,
        ago(hours=7 * at + 1),
        who,
        what,
        kind,
        WIRES[kind],
        f"0:{8204 - 91 * at}:0",
        why,
        standing,
        href,
        campaign,
        "c1" if campaign else "",
    )


EIGHTH = "The Eighth Flavour"
ACTS = (
    _act(
        0,
        "Dora Lindqvist",
        "extended round 1 until Saturday, 18:00",
        "rounds",
        "The mail with the links came late.",
        "/rounds/r1/report",
        EIGHTH,
    ),
    _act(
        1,
        "Noor A.",
        "hid a comment: It gives away personal details",
        "texts",
        "It names a street and a number.",
        "/ideas/i1",
        EIGHTH,
        "fan with the right to moderate until 3 May",
    ),
    _act(2, "A member", "had herself erased", "erasures"),
    _act(3, "Emeka Obi", "offered a fan a reward", "gifts", "Her cherry won, and she cooked it with us.", "/rewards"),
    _act(4, "The notary", "signs with the key 8e2c0f1d, as taste.pomfret.example/record/0", "keys", "", "/site/decisions"),
    _act(5, "Ada N.", "made Emeka Obi a host", "rights", "", "/site/decisions"),
)
CHECK = auditors.CheckPage(
    "https://taste.pomfret.example",
    ADDRESS,
    "record.fanfare",
    (
        auditors.PartitionLine(0, 8205, 8205, ago(seconds=2), compared_at=ago(minutes=11)),
        *(auditors.PartitionLine(each, 30442 - 91 * each, 30442 - 91 * each, ago(seconds=3)) for each in (1, 2, 3)),
    ),
    "taste.pomfret.example+1a2b3c4d+AZk2bW9uZXkgaXMgbm90IGEgc2VjcmV0IGJ1dCBhIHdpdG5lc3M0",
    (
        auditors.WitnessLine("witness.kitchenpress.example", "k1", 4, ago(seconds=40)),
        auditors.WitnessLine("fans-of-fans.example", "k2", 3, ago(hours=5), ago(hours=4)),
        auditors.WitnessLine("late.example", "k3", 0),
    ),
    ACTS[:3],
    auditors.SealToCheck("Flavour", EIGHTH, "/rounds/r1/report", f"curl -s {ADDRESS}/api/v1/rounds/r1/report | sha256sum", HASH),
    PROGRAM.read_text(),
    is_simulation=True,
    archive_about="An archive of a Fanfare record.\n\nIt holds the record as it was written.",
)
YOUNG = msgspec.structs.replace(
    CHECK,
    partitions=(
        auditors.PartitionLine(0, 12),
        auditors.PartitionLine(1, 40, 12, ago(minutes=2)),
        auditors.PartitionLine(
            2, 9, 9, ago(hours=2), "The first 9 entries of partition 2 lead to another root than the one that was signed."
        ),
    ),
    key="",
    witnesses=(),
    acts=(),
    seal=None,
    is_simulation=False,
)
CHECKPOINTS = auditors.CheckpointsPage(
    "taste.pomfret.example",
    range(4),
    0,
    tuple(auditors.CheckpointLine(8205 - 40 * at, ago(minutes=9 * at), ROOT, cosigned=at % 3 == 1) for at in range(7)),
    "7965",
)
_KINDS = (auditors.ActKind("", "Everything"), *(auditors.ActKind(name, label) for name, label in LABELS.items()))
ALL_ACTS = auditors.ActsPage(_KINDS, "", ACTS, "1")


def pages(stranger: Shell, played: Shell) -> dict[str, tuple[Shell, Page]]:
    """Return the samples by name."""
    return {
        "limits": (stranger, auditors.LimitsPage(LIMITS)),
        "check": (played, CHECK),
        "check-young": (stranger, YOUNG),
        "check-checkpoints": (stranger, CHECKPOINTS),
        "check-checkpoints-none": (stranger, msgspec.structs.replace(CHECKPOINTS, checkpoints=(), older="", begins=False)),
        "check-acts": (stranger, ALL_ACTS),
        "check-acts-none": (stranger, msgspec.structs.replace(ALL_ACTS, kind="keys", acts=(), older="", begins=False)),
    }
