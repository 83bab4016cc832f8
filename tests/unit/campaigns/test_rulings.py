"""What a host may rule about what cannot be read, and when a round may be sealed."""

import pytest

from fanfare.campaigns import decide
from fanfare.campaigns.refusals import NothingToRule, RoundIncomplete, RoundNotClosing, RulingRefused
from fanfare.record.campaigns import (
    MOST_RULED,
    Campaign,
    PassedOver,
    RoundClosed,
    RoundClosing,
    RoundOpened,
    RoundRuled,
    RoundSealed,
    RoundVoided,
    evolve,
)
from fanfare.record.entry import MOST_BYTES
from fanfare.record.kinds import Event
from tests.builders import HOST, a_plan, body, planned, published, recorded, terms_for, text

PLAN = a_plan()
OPEN = (published(), planned(PLAN), RoundOpened(terms=terms_for(PLAN)))
CLOSED = (*OPEN, RoundClosing(round="final"), RoundClosed(round="final"))
ONE, OTHER = (PassedOver(position=f"2:{offset}:0", sha256=text(str(offset))) for offset in (7, 9))
WHY = text("A disk failed.")


def after(*events: Event) -> Campaign:
    """Return the campaign as these decisions have made it."""
    state = Campaign()
    for event in events:
        state = evolve(state, event)
    return state


def ruling(*events: PassedOver) -> RoundRuled:
    """Return a ruling on these."""
    return RoundRuled(round="final", events=events, reason=WHY, by=HOST)


@pytest.mark.parametrize("given", [OPEN, CLOSED[:-1], CLOSED], ids=["open", "closing", "closed"])
def test_a_host_rules_on_what_waits(given: tuple[Event, ...]) -> None:
    decided = decide.rule_on_unreadable(after(*given), "final", [ONE, OTHER], ["2:9:0", "2:7:0", "2:9:0"], WHY, HOST)

    assert decided == [ruling(OTHER, ONE)]


@pytest.mark.parametrize(
    "given",
    [
        OPEN[:-1],
        (*CLOSED, RoundSealed(round="final", moment=(9,), report=text("report"))),
        (*OPEN, RoundVoided(round="final", reason=WHY, by=HOST)),
        (*CLOSED, ruling(ONE)),
    ],
    ids=["planned", "sealed", "void", "ruled on before"],
)
def test_there_is_nothing_to_rule_on(given: tuple[Event, ...]) -> None:
    with pytest.raises(NothingToRule):
        decide.rule_on_unreadable(after(*given), "final", [ONE], ["2:7:0"], WHY, HOST)


@pytest.mark.parametrize("chosen", [[], ["2:8:0"], ["2:7:0", "2:8:0"], ["; drop"], [f"2:{n}:0" for n in range(MOST_RULED + 1)]])
def test_a_ruling_names_what_waits_and_nothing_else(chosen: list[str]) -> None:
    waiting = [ONE, *(PassedOver(position=f"2:{n}:0", sha256=WHY) for n in range(MOST_RULED + 1) if n != 8)]

    with pytest.raises(RulingRefused):
        decide.rule_on_unreadable(after(*CLOSED), "final", waiting, chosen, WHY, HOST)


def test_the_largest_ruling_fits_into_an_entry() -> None:
    waiting = [PassedOver(position=f"63:{10**17 + n}:65535", sha256=text(str(n))) for n in range(MOST_RULED)]

    (decided,) = decide.rule_on_unreadable(after(*CLOSED), "final", waiting, [each.position for each in waiting], WHY, HOST)

    assert len(body(recorded(decided, stream="flavour"))) < MOST_BYTES


@pytest.mark.parametrize(
    ("given", "unread"), [(CLOSED, []), ((*CLOSED, ruling(ONE)), [ONE]), ((*OPEN, ruling(ONE), *CLOSED[3:]), [ONE])]
)
def test_a_round_is_sealed_when_nothing_in_it_waits_for_a_ruling(given: tuple[Event, ...], unread: list[PassedOver]) -> None:
    decided = decide.seal_round(after(*given), "final", (9, 9), text("report"), unread)

    assert decided == [RoundSealed(round="final", moment=(9, 9), report=text("report"))]


@pytest.mark.parametrize(
    ("given", "unread"),
    [
        (CLOSED, [ONE]),
        ((*CLOSED, ruling(ONE)), [ONE, OTHER]),
        ((*CLOSED, ruling(ONE)), [PassedOver(position=ONE.position, sha256=text("other bytes"))]),
    ],
    ids=["no ruling", "one more came after the ruling", "other bytes stand there"],
)
def test_an_incomplete_round_is_not_sealed(given: tuple[Event, ...], unread: list[PassedOver]) -> None:
    with pytest.raises(RoundIncomplete):
        decide.seal_round(after(*given), "final", (9, 9), text("report"), unread)


def test_a_ruling_does_not_close_a_round() -> None:
    with pytest.raises(RoundNotClosing):
        decide.seal_round(after(*OPEN, ruling(ONE)), "final", (9, 9), text("report"), [ONE])
