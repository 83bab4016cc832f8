"""What a replay finds of rewards: nothing where hosts gave what there was, and each thing that cannot have been."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.replay import replay
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.kinds import Event, text_hash
from fanfare.record.members import MemberErased
from fanfare.record.rewards import (
    OfferAccepted,
    OfferDeclined,
    OfferHandled,
    OfferLapsed,
    RewardAdded,
    RewardClosed,
    RewardEvent,
    RewardOffered,
    StockSet,
)
from tests.builders import HOST, text
from tests.unit.audit.archives import SALT, TITLE, write_archive
from tests.unit.audit.test_draws import DRAWN, Drawn, a_draw
from tests.unit.draws.test_decide import DUE

OF, WHY = "bottle", text("Because.")


def added(**changes: object) -> RewardAdded:
    """Return a reward of which there are two; its words are the one text that these archives hold."""
    made = RewardAdded(reward=OF, kind="thing", title=text_hash(SALT, TITLE), words=WHY, stock=2, answer_h=24, by=HOST)
    return msgspec.structs.replace(made, **changes)


def offered(offer: str, member: str, **changes: object) -> RewardOffered:
    made = RewardOffered(reward=OF, offer=offer, member=member, by=HOST, reason=WHY)
    return msgspec.structs.replace(made, **changes)


WON = offered("offer1", DRAWN[1], draw="draw4b")
"""To the one who got a seat because the first one declined hers."""
HONEST: tuple[RewardEvent, ...] = (
    added(),
    WON,
    offered("offer2", "dora"),
    offered("offer3", DRAWN[0], waits=True),
    OfferDeclined(reward=OF, offer="offer2", member="dora"),
    OfferAccepted(reward=OF, offer="offer1", member=DRAWN[1]),
    OfferHandled(reward=OF, offer="offer1", state="sent", by=HOST),
    OfferHandled(reward=OF, offer="offer1", state="arrived", by=DRAWN[1]),
)


def a_giving(*events: Event, at: datetime = DUE + timedelta(hours=2)) -> list[StoredEntry]:
    """Return the record of a draw that is done, and of what happened to a reward since."""
    record = Drawn()
    for each in a_draw():
        record.append(each.body, 0)
    for event in events:
        record.at(at, event, stream=OF if isinstance(event, RewardEvent) else None)
    return record.written


def wrong(folder: Path, written: list[StoredEntry]) -> list[str]:
    """Return what a replay finds wrong with the reward, having seen that all else holds."""
    outcome = replay(write_archive(folder / "archive.tar", written))
    assert [each.name for each in outcome.claims if not each.passed and each.name != f"reward {OF}"] == []
    (found,) = [each for each in outcome.claims if each.name == f"reward {OF}"]
    assert outcome.exit_code == (0 if found.passed else 1)
    return list(found.differences)


def test_an_honest_giving_holds_and_says_how_many_went_where(tmp_path: Path) -> None:
    outcome = replay(write_archive(tmp_path / "archive.tar", a_giving(*HONEST)))

    (found,) = [each for each in outcome.claims if each.name == f"reward {OF}"]
    assert found.passed
    assert found.detail == "2 of 2 given, each for a reason: 1 arrived, 1 declined, 1 offered"


THIRD = offered("offer4", "emil")


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ((*HONEST, THIRD), "does not allow there: fanfare.reward.offered.v1 of the offer offer4"),
        ((*HONEST, offered("offer4", DRAWN[1], waits=True)), "offer4"),
        ((*HONEST, StockSet(reward=OF, stock=1, by=HOST, reason=WHY)), "does not allow there: fanfare.reward.stock-set.v1"),
        ((*HONEST, added()), "does not allow there: fanfare.reward.added.v1"),
        ((*HONEST, OfferHandled(reward=OF, offer="offer1", state="failed", by=HOST)), "offer1"),
        ((*HONEST, OfferAccepted(reward=OF, offer="offer3", member="dora")), "offer3"),
        ((added(), offered("offer1", HOST)), "offered it to herself"),
        ((added(), offered("offer1", "dora", draw="draw4b")), "had no seat there"),
        ((added(), offered("offer1", "dora", draw="draw5c")), "had no seat there"),
        ((added(), offered("offer1", "dora"), OfferLapsed(reward=OF, offer="offer1")), "fanfare.offer.lapsed.v1"),
        ((added(), offered("offer1", "dora"), OfferLapsed(reward=OF, offer="offer1", why="erased")), "and she was not"),
        ((added(), WON, RewardClosed(reward=OF, by=HOST, reason=WHY)), f"{DRAWN[2]} holds a seat in the draw draw4b"),
    ],
)
def test_what_cannot_have_been_is_found_where_it_stands(tmp_path: Path, events: tuple[Event, ...], says: str) -> None:
    (found,) = wrong(tmp_path, a_giving(*events))

    assert says in found


def test_whoever_was_erased_frees_what_she_was_offered(tmp_path: Path) -> None:
    gone = (MemberErased(member="dora"), OfferLapsed(reward=OF, offer="offer1", why="erased"))

    assert wrong(tmp_path, a_giving(added(stock=1), offered("offer1", "dora"), *gone, offered("offer2", "emil"))) == []


def test_an_acceptance_that_a_clock_made_late_counts_for_nothing_and_is_no_fault(tmp_path: Path) -> None:
    record = Drawn()
    for each in a_giving(added(), offered("offer1", "dora")):
        record.append(each.body, 0)
    record.at(DUE + timedelta(hours=26), OfferAccepted(reward=OF, offer="offer1", member="dora"), stream=OF)

    assert wrong(tmp_path, record.written) == []


def test_all_winners_were_offered_the_prize_before_it_was_closed(tmp_path: Path) -> None:
    closed = RewardClosed(reward=OF, by=HOST, reason=WHY)

    assert wrong(tmp_path, a_giving(added(), WON, offered("offer2", DRAWN[2]), closed)) == []
