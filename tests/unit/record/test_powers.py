"""Powers as the record holds them: where, until when, and what ends them."""

from datetime import timedelta

import msgspec
import pytest

from fanfare.record.powers import LONGEST, May, PowerEnded, PowerGranted, Powers, evolve
from tests.builders import HOST, NOON, text

NOOR, WHY, DAY = "m7noor", text("She asked."), timedelta(days=1)
GIVEN = PowerGranted(
    power="9e1c3b5d7f902468", member=NOOR, may="moderate", until=NOON + 10 * DAY, by=HOST, reason=WHY, campaign="flavour"
)
ENDED = PowerEnded(power=GIVEN.power, member=NOOR, may="moderate", by=HOST, reason=WHY, campaign="flavour")


def given(**changes: object) -> PowerGranted:
    """Return the grant, changed as asked."""
    return msgspec.structs.replace(GIVEN, **changes)


def holding(grant: PowerGranted = GIVEN) -> Powers:
    """Return the powers in which *grant* is the only one, given at noon."""
    return evolve(Powers(), grant, NOON, 7)


def test_a_power_holds_from_its_grant_until_its_end_in_its_campaign_for_its_fan() -> None:
    powers = holding()

    assert powers.held(NOOR, "moderate", "flavour", NOON)
    assert powers.held(NOOR, "moderate", "flavour", NOON + 10 * DAY - timedelta(seconds=1))
    assert not powers.held(NOOR, "moderate", "flavour", NOON + 10 * DAY)
    assert not powers.held(NOOR, "moderate", "flavour", NOON - timedelta(seconds=1))
    assert not powers.held(NOOR, "moderate", "colour", NOON)
    assert not powers.held(NOOR, "moderate", None, NOON)
    assert not powers.held(NOOR, "curate", "flavour", NOON)
    assert not powers.held(HOST, "moderate", "flavour", NOON)


def test_a_power_for_the_whole_site_holds_everywhere() -> None:
    powers = holding(given(campaign=None))

    assert powers.held(NOOR, "moderate", "colour", NOON)
    assert powers.held(NOOR, "moderate", None, NOON)


def test_whoever_hosts_answers_too_and_nothing_else_follows_from_anything() -> None:
    every: tuple[May, ...] = ("host", "curate", "moderate", "welcome")
    follows = {
        (has, wants)
        for has in every
        for wants in every
        if holding(given(may=has, campaign=None if has == "welcome" else "flavour")).held(NOOR, wants, "flavour", NOON)
    }

    assert follows == {*((each, each) for each in every), ("host", "curate")}


def test_a_power_that_was_ended_holds_no_longer_and_keeps_what_it_was() -> None:
    powers = evolve(holding(), ENDED, NOON + DAY, 9)

    assert powers.held(NOOR, "moderate", "flavour", NOON + DAY - timedelta(seconds=1))
    assert not powers.held(NOOR, "moderate", "flavour", NOON + DAY)
    assert powers.granted[GIVEN.power].offset == 7


@pytest.mark.parametrize("until", [NOON, NOON - DAY, NOON + LONGEST + timedelta(seconds=1)])
def test_a_power_without_an_end_within_a_year_is_none(until: object) -> None:
    assert not holding(given(until=until)).granted


def test_what_makes_no_sense_changes_nothing() -> None:
    ended = evolve(holding(), ENDED, NOON + DAY, 9)

    assert evolve(holding(), GIVEN, NOON + DAY, 9) == holding()
    assert evolve(ended, ENDED, NOON + 2 * DAY, 11) == ended
    assert evolve(Powers(), ENDED, NOON, 1) == Powers()
    assert evolve(holding(), ENDED, NOON + 10 * DAY, 11) == holding()


@pytest.mark.parametrize(
    "changes", [{"may": "host", "campaign": None}, {"may": "welcome"}, {"until": "2027-01-01T00:00:00+01:00"}]
)
def test_a_host_of_everything_newcomers_of_one_campaign_and_local_times_are_no_events(changes: dict[str, object]) -> None:
    body = {**msgspec.to_builtins(GIVEN), **changes}

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, PowerGranted)
