"""How the site presents itself: who may change it, and which change stands."""

import pytest

from fanfare.campaigns.presenting import Presentation, checked, decide
from fanfare.platform.refusals import Invalid, RoleNeeded
from fanfare.record.site import RoleGranted, Site, evolve
from tests.builders import HOST, founded, site_changed

FOUNDED = evolve(Site(), founded())
RUN = evolve(FOUNDED, RoleGranted(member=HOST, role="admin"))


def test_until_somebody_changes_it_the_site_is_as_it_was_founded() -> None:
    assert Site().present is None
    assert (FOUNDED.present, FOUNDED.zone) == (FOUNDED.founded, "Europe/Berlin")


def test_the_last_change_stands_and_the_founding_stays() -> None:
    changed = evolve(evolve(RUN, site_changed("somebody")), site_changed(HOST))

    assert changed.present == site_changed(HOST)
    assert (changed.zone, changed.founded) == ("UTC", RUN.founded)


def test_only_an_admin_changes_it() -> None:
    assert decide(RUN, site_changed(HOST)) == [site_changed(HOST)]
    with pytest.raises(RoleNeeded):
        decide(FOUNDED, site_changed(HOST))


@pytest.mark.parametrize(
    ("field", "answer"),
    [("brand", " "), ("colour", "#12805"), ("zone", "Mars/Olympus"), ("privacy", "x" * 20_001), ("imprint", "a\u202eb")],
)
def test_what_cannot_be_kept_is_refused(field: str, answer: str) -> None:
    told = {"brand": "Pomfret", "colour": "#12805c", "zone": "UTC", field: answer}

    with pytest.raises(Invalid):
        checked(Presentation(**told))


def test_a_colour_is_kept_in_small_letters_and_an_empty_notice_is_none() -> None:
    found = checked(Presentation("Pomfret ", "#FF5C7C", "UTC", privacy="  "))

    assert (found.brand, found.colour, found.privacy) == ("Pomfret", "#ff5c7c", "")
