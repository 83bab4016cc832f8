"""What may happen to a circle."""

from collections.abc import Callable

import pytest

from fanfare.circles import decide, refusals
from fanfare.circles.decide import Ground
from fanfare.platform.refusals import Refusal
from fanfare.record.circles import Circle, CircleChanged, CircleClosed, CircleEntered, CircleLeft, CircleOpened, CircleTier
from fanfare.record.kinds import Event
from fanfare.record.recognition import Recognition, Rule, RulePublished, Tier
from tests.builders import HOST, text

TIERS = RulePublished(
    rule="tiers",
    version=1,
    title=text("Tiers"),
    words=text("Who does much."),
    deeds=(),
    earns=Tier(levels=(5, 50), names=(text("Insider"), text("Legend"))),
    by=HOST,
)
GROUND = Ground(Recognition(rules={"tiers": Rule(TIERS)}), ["flavour"])
OPEN = Circle("kitchen", text("Kitchen"), text("Taste."), None, None, HOST)
CLOSED = Circle("kitchen", text("Kitchen"), text("Taste."), None, None, HOST, closed=True)


def opened(tier: CircleTier | None = None, campaign: str | None = None) -> CircleOpened:
    """Return an opening of the kitchen."""
    return CircleOpened(circle="kitchen", title=text("Kitchen"), words=text("Taste."), by=HOST, tier=tier, campaign=campaign)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (opened(CircleTier(rule="tiers", level=3)), "tier"),
        (opened(CircleTier(rule="nothing", level=1)), "tier"),
        (opened(campaign="nowhere"), "campaign"),
    ],
)
def test_a_circle_opens_for_a_tier_and_a_campaign_that_are_there(event: CircleOpened, field: str) -> None:
    with pytest.raises(refusals.CircleRefused) as caught:
        decide.open_circle({}, event, GROUND)

    assert caught.value.extra["field"] == field
    good = opened(CircleTier(rule="tiers", level=2), "flavour")
    assert decide.open_circle({}, good, GROUND) == [good]


CLOSING = CircleClosed(circle="kitchen", reason=text("It is made."), by=HOST)
CHANGING = CircleChanged(circle="kitchen", title=text("K"), words=text("T"), by=HOST)


@pytest.mark.parametrize(
    "act",
    [
        lambda circles: decide.change(circles, CHANGING, GROUND),
        lambda circles: decide.close(circles, CLOSING),
        lambda circles: [decide.invite(circles, "kitchen")],
        lambda circles: decide.uninvite(circles, "kitchen", "noor", 1, text("x"), HOST),
        lambda circles: decide.come(circles, "kitchen", "noor", 1, open_to_her=True),
    ],
)
def test_nothing_happens_to_a_circle_that_is_closed_or_not_there(act: Callable[[dict[str, Circle]], list[Event]]) -> None:
    assert act({"kitchen": OPEN})
    for circles, refusal in (({"kitchen": CLOSED}, refusals.CircleIsClosed), ({}, refusals.CircleNotFound)):
        with pytest.raises(Refusal) as caught:
            act(circles)

        assert type(caught.value) is refusal


def test_a_circle_of_an_id_that_is_known_is_not_opened_again() -> None:
    with pytest.raises(refusals.CircleIsOpen):
        decide.open_circle({"kitchen": CLOSED}, opened(), GROUND)


def test_nobody_enters_to_whom_it_is_not_open_and_everybody_may_leave() -> None:
    circles = {"kitchen": OPEN}
    with pytest.raises(refusals.NotOpenToYou):
        decide.come(circles, "kitchen", "noor", 1, open_to_her=False)

    assert decide.come(circles, "kitchen", "noor", 2, open_to_her=False) == [CircleLeft(circle="kitchen", member="noor", turn=2)]
    assert decide.come(circles, "kitchen", "noor", 3, open_to_her=True) == [
        CircleEntered(circle="kitchen", member="noor", turn=3)
    ]


@pytest.mark.parametrize("invited", [0, 2])
def test_an_invitation_that_does_not_stand_is_not_taken_back(invited: int) -> None:
    with pytest.raises(refusals.NotInvitedHere):
        decide.uninvite({"kitchen": OPEN}, "kitchen", "noor", invited, text("x"), HOST)


def test_what_a_circle_holds_is_read_by_who_belongs_and_by_hosts_even_when_it_is_closed() -> None:
    decide.read(OPEN, belongs=True, is_host=False)
    decide.read(CLOSED, belongs=False, is_host=True)
    for circle, belongs in ((OPEN, False), (CLOSED, True)):
        with pytest.raises(refusals.NotInCircle):
            decide.read(circle, belongs=belongs, is_host=False)
