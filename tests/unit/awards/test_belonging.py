"""Who belongs to a circle."""

from fanfare.awards.belonging import Belonging
from fanfare.record.circles import Circle, CircleEntered, CircleInvited, CircleLeft, CircleTier, CircleUninvited
from fanfare.record.kinds import Event, digest
from fanfare.record.members import MemberErased
from fanfare.record.recognition import AwardGranted, AwardRevoked
from tests.builders import HOST, text

KITCHEN = Circle("kitchen", text("Kitchen"), text("Taste."), CircleTier(rule="tiers", level=2), None, HOST)
LABS = Circle("labs", text("Labs"), text("Shapes."), None, None, HOST)


def earned(level: int, turn: int = 1, rule: str = "tiers") -> AwardGranted:
    """Return the granting of a tier to Noor."""
    award = digest(f"{rule} {level}".encode())[:32]
    return AwardGranted(
        award=award, turn=turn, member="noor", kind="tier", level=level, rule=rule, version=1, cause="cause", offset=1
    )


def lost(level: int, turn: int = 2) -> AwardRevoked:
    """Return the fall of a tier of Noor's."""
    return AwardRevoked(award=digest(f"tiers {level}".encode())[:32], turn=turn, member="noor", cause="cause", offset=2)


def invited(circle: str = "kitchen", turn: int = 1) -> CircleInvited:
    """Return an invitation of Noor."""
    return CircleInvited(circle=circle, member="noor", turn=turn, chosen="by-name", reason=text("x"), by=HOST)


def uninvited(turn: int = 2) -> CircleUninvited:
    """Return what takes it back."""
    return CircleUninvited(circle="kitchen", member="noor", turn=turn, reason=text("x"), by=HOST)


def entered(turn: int = 1, circle: str = "kitchen") -> CircleEntered:
    """Return that she entered."""
    return CircleEntered(circle=circle, member="noor", turn=turn)


def left(turn: int = 2) -> CircleLeft:
    """Return that she left."""
    return CircleLeft(circle="kitchen", member="noor", turn=turn)


def is_in(*events: Event, circle: Circle = KITCHEN) -> bool:
    """Tell whether Noor belongs after *events*; the list of who does says the same."""
    fold = Belonging()
    for each in events:
        fold.apply(each)
    found = fold.belongs(circle, "noor")
    assert fold.of(circle) == ({"noor"} if found else set())
    return found


def test_whoever_holds_the_tier_or_a_higher_one_belongs() -> None:
    assert is_in(earned(2))
    assert is_in(earned(3))
    assert not is_in(earned(1))
    assert not is_in(earned(3, rule="others"))
    assert not is_in(earned(3), circle=LABS)


def test_whoever_loses_the_tier_belongs_no_more_unless_she_was_invited_and_entered() -> None:
    assert not is_in(earned(2), lost(2))
    assert is_in(earned(2), lost(2), earned(2, turn=3))
    assert is_in(earned(2), invited(), entered(), lost(2))
    assert not is_in(earned(2), invited(), lost(2))


def test_an_invited_fan_belongs_once_she_entered_and_while_she_is_invited() -> None:
    assert not is_in(invited())
    assert is_in(invited(), entered())
    assert is_in(entered(), invited())
    assert not is_in(entered())
    assert not is_in(invited(), entered(), uninvited())
    assert is_in(invited(), entered(), uninvited(), invited(turn=3))
    assert is_in(invited("labs"), entered(circle="labs"), circle=LABS)


def test_whoever_leaves_is_out_also_with_the_tier_until_she_comes_back() -> None:
    assert not is_in(earned(2), left())
    assert is_in(earned(2), left(), entered(turn=3))
    assert not is_in(invited(), entered(), left())
    assert not is_in(invited(), left(), entered(turn=1))


def test_nobody_belongs_to_a_circle_that_is_closed_and_an_erasure_changes_no_figure() -> None:
    closed = Circle("kitchen", "", "", KITCHEN.tier, None, HOST, closed=True)

    assert not is_in(earned(2), circle=closed)
    assert is_in(earned(2), invited(), entered(), MemberErased(member="noor"))
