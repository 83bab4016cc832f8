"""Who gives and ends powers, and what of that is refused."""

from datetime import timedelta

import msgspec
import pytest

from fanfare.campaigns.refusals import CampaignNotFound
from fanfare.members.powers import EndPower, Grant, GrantPower, decide
from fanfare.members.refusals import NotYourPower, PowerHasEnded, PowerHeld, PowerNotFound, PowerRefused
from fanfare.platform import warrants
from fanfare.platform.refusals import Refusal, RoleNeeded
from fanfare.record.campaigns import Campaign
from fanfare.record.decisions import Streams
from fanfare.record.powers import LONGEST, May, PowerEnded, PowerGranted, evolve
from fanfare.record.site import Role, Site
from tests.builders import NOON

ANNA, BERT, NOOR = "m1anna", "m2bert", "m7noor"
POWER, REASON, DAY = "9e1c3b5d7f902468", "ab" * 32, timedelta(days=1)
WANTED = Grant(member=NOOR, may="moderate", campaign="flavour", until=NOON + 10 * DAY, reason="She asked.")


def a_site(*roles: tuple[str, Role]) -> Streams:
    """Return a site of an admin, Anna, with the campaigns flavour and colour."""
    streams = Streams()
    streams.site = Site(roles=frozenset(((ANNA, "admin"), *roles)))
    streams.campaigns = {each: Campaign(id=each) for each in ("flavour", "colour")}
    return streams


def give(streams: Streams, power: str = POWER, by: str = ANNA, **changes: object) -> PowerGranted:
    """Give Noor a power at noon, fold it, and return it."""
    (event,) = decide(GrantPower(power, msgspec.structs.replace(WANTED, **changes), by, NOON, REASON), streams)
    assert isinstance(event, PowerGranted)
    streams.powers = evolve(streams.powers, event, NOON, 5)
    return event


def test_an_admin_gives_a_fan_a_power_with_a_scope_an_end_and_a_reason() -> None:
    assert give(a_site()) == PowerGranted(
        power=POWER, member=NOOR, may="moderate", until=NOON + 10 * DAY, by=ANNA, reason=REASON, campaign="flavour"
    )


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"by": BERT}, RoleNeeded),
        ({"by": NOOR}, RoleNeeded),
        ({"may": "host", "campaign": None}, PowerRefused),
        ({"may": "welcome"}, PowerRefused),
        ({"campaign": "scent"}, CampaignNotFound),
        ({"until": NOON}, PowerRefused),
        ({"until": NOON + LONGEST + DAY}, PowerRefused),
        ({"member": BERT}, PowerHeld),
        ({"member": ANNA, "may": "curate"}, PowerHeld),
    ],
)
def test_what_is_no_power_is_refused(changes: dict[str, object], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        give(a_site((BERT, "moderator")), **changes)  # type: ignore[arg-type]


def test_a_power_is_prolonged_by_another_with_a_later_end_and_not_given_twice() -> None:
    streams = a_site()
    give(streams)

    with pytest.raises(PowerHeld):
        give(streams, "0000000000000001")
    give(streams, "0000000000000001", until=NOON + 20 * DAY)
    assert warrants.warrant(streams, NOOR, "moderate", NOON + 15 * DAY).covers("flavour")


def test_whoever_may_do_it_everywhere_is_given_nothing_smaller_that_lasts_no_longer() -> None:
    streams = a_site()
    give(streams, campaign=None)

    with pytest.raises(PowerHeld):
        give(streams, "0000000000000001")


@pytest.mark.parametrize("by", [ANNA, NOOR])
def test_an_admin_ends_a_power_and_the_fan_may_lay_it_down(by: str) -> None:
    streams = a_site()
    give(streams)

    assert decide(EndPower(POWER, by, NOON + DAY, REASON), streams) == [
        PowerEnded(power=POWER, member=NOOR, may="moderate", by=by, reason=REASON, campaign="flavour")
    ]


@pytest.mark.parametrize(
    ("power", "by", "now", "refusal"),
    [
        (POWER, BERT, NOON, NotYourPower),
        ("0000000000000001", ANNA, NOON, PowerNotFound),
        (POWER, ANNA, NOON + 10 * DAY, PowerHasEnded),
    ],
)
def test_nobody_else_ends_it_and_nothing_ends_twice(power: str, by: str, now: object, refusal: type[Refusal]) -> None:
    streams = a_site((BERT, "host"))
    give(streams)

    with pytest.raises(refusal):
        decide(EndPower(power, by, now, REASON), streams)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "everywhere"),
    [
        ("host", {"host", "curate", "moderate", "welcome"}),
        ("admin", {"host", "curate", "moderate", "welcome"}),
        ("moderator", {"moderate"}),
        ("auditor", set()),
    ],
)
def test_a_role_holds_everywhere_and_without_an_end(role: Role, everywhere: set[str]) -> None:
    streams, every = a_site((BERT, role)), ("host", "curate", "moderate", "welcome")
    whats: tuple[May, ...] = every  # type: ignore[assignment]

    assert {what for what in whats if warrants.warrant(streams, BERT, what, NOON).everywhere} == everywhere
    assert not any(warrants.warrant(streams, NOOR, what, NOON).somewhere for what in whats)


def test_a_decision_asks_again_for_its_own_campaign_at_its_own_time() -> None:
    streams = a_site()
    give(streams, may="host")

    warrants.demand(streams, NOOR, "host", "flavour", NOON + DAY)
    for campaign, at in (("colour", NOON + DAY), ("flavour", NOON + 10 * DAY)):
        with pytest.raises(RoleNeeded):
            warrants.demand(streams, NOOR, "host", campaign, at)


def test_who_moderates_in_one_campaign_sees_only_that_ones() -> None:
    streams = a_site((BERT, "moderator"))
    give(streams)

    held = warrants.warrant(streams, NOOR, "moderate", NOON)
    assert (held.only, held.covers("flavour"), held.covers("colour"), held.covers(None)) == (["flavour"], True, False, False)
    assert warrants.warrant(streams, BERT, "moderate", NOON).only is None
