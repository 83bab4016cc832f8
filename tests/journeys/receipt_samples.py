"""A receipt in each of its states, and the page of all ballots of a fan."""

import msgspec

from fanfare.web.contexts import Page, Shell, ballots
from tests import receipt_vectors as vectors
from tests.journeys.sample_ground import FIRST, HASH, SEALED, ago

CHECK = ballots.Check(
    "/api/v1/receipts/made", msgspec.json.encode(vectors.trusted(quorum=0)).decode(), [str(each) for each in vectors.POLICY.logs]
)
RECEIPT = ballots.ReceiptPage(
    FIRST,
    "The Eighth Flavour",
    "counts",
    ago(seconds=5),
    vectors.PARTITION,
    vectors.OFFSET,
    vectors.INDEX,
    vectors.event_id(vectors.INDEX),
    "a" * 32,
    2,
    check=CHECK,
)
SIGNED = msgspec.structs.replace(RECEIPT, state="counted", round=SEALED, proof="signed", size=30512)
LATER = ballots.Later("018f3c9e7d2c", "1:30502:3", 3)
VOID = msgspec.structs.replace(SEALED, state="void", reason="The list of options was wrong. A new round asks again.")


def _cast(state: ballots.BallotState, number: int, place: str, minutes: int) -> ballots.CastBallot:
    later = LATER if state == "replaced" else None
    return ballots.CastBallot(f"018f3c9e7d{number:02d}", place, number, state, ago(minutes=minutes), later)


MY_BALLOTS = ballots.MyBallotsPage(
    (
        ballots.CampaignOfMine(
            "c1",
            "The Eighth Flavour",
            (
                ballots.RoundOfMine(
                    FIRST,
                    HASH[:32],
                    (
                        _cast("counts", 3, "1:30502:3", 4),
                        _cast("replaced", 2, "1:30441:17", 9),
                        _cast("replaced", 1, "1:9:0", 300),
                    ),
                ),
            ),
        ),
        ballots.CampaignOfMine(
            "c2",
            "A bag that lasts",
            (
                ballots.RoundOfMine(
                    SEALED, HASH[16:48], (_cast("late", 2, "2:811:0", 9000), _cast("counted", 1, "2:790:41", 9100))
                ),
                ballots.RoundOfMine(VOID, HASH[32:], (_cast("void", 1, "3:77:2", 19000),), VOID.reason),
            ),
        ),
    )
)

OLDER = ballots.CampaignOfMine(
    "c1",
    "The Eighth Flavour",
    (
        ballots.RoundOfMine(
            FIRST, HASH[:32], (_cast("replaced", 52, "1:9:0", 300), _cast("replaced", 51, "1:8:3", 301)), older="13057"
        ),
    ),
)


def pages(vote: Shell, mine: Shell) -> dict[str, tuple[Shell, Page]]:
    """Return the samples by their names."""
    replace = msgspec.structs.replace
    return {
        "receipt": (vote, RECEIPT),
        "receipt-late": (vote, replace(SIGNED, state="late")),
        "receipt-witnessed": (vote, replace(SIGNED, witnesses=("witness.example", "watch.pomfret.example"))),
        "receipt-overdue": (vote, replace(RECEIPT, proof="overdue")),
        "receipt-replaced": (vote, replace(SIGNED, state="replaced", later=LATER, round=FIRST, is_blind=True)),
        "receipt-without-keys": (vote, replace(SIGNED, check=None, state="void", reason="It was no ballot of this round.")),
        "receipt-paused": (vote, replace(RECEIPT, round=replace(FIRST, state="paused"))),
        "receipt-closing": (vote, replace(SIGNED, state="counts", round=replace(FIRST, state="closing"))),
        "my-ballots": (mine, MY_BALLOTS),
        "my-ballots-older": (mine, ballots.MyBallotsPage((OLDER,), FIRST.id, begins=False)),
        "my-ballots-none": (mine, ballots.MyBallotsPage()),
    }
