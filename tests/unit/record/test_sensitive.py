"""Which events are sensitive: each of the catalogue is decided about, and each that is has a view which tells it."""

from fanfare.record.campaigns import RoundClosing
from fanfare.record.catalogue import CONTESTED, EVENTS
from fanfare.record.sensitive import ORDINARY, SENSITIVE, kind_of
from fanfare.record.texts import TextRemoved
from fanfare.views.erased import ERASED
from fanfare.views.sensitive import told_by
from fanfare.views.site import SITE
from fanfare.views.timeline import TIMELINE
from fanfare.web.pages.sensitive import LABELS
from tests.builders import text

VIEWS = {each.name: each for each in (ERASED, SITE, TIMELINE)}


def test_every_event_of_the_catalogue_is_sensitive_or_says_why_it_is_not() -> None:
    decided = [*SENSITIVE, *ORDINARY]

    assert {each.wire for each in decided} == set(EVENTS)
    assert len(decided) == len(set(decided))
    assert [each.wire for each, why in ORDINARY.items() if not why] == []


def test_most_of_what_is_decided_by_hand_against_others_is_sensitive() -> None:
    ordinary = {each.__name__ for each in CONTESTED & set(ORDINARY)}

    assert ordinary == {
        *("SiteFounded", "CampaignPublished", "RoundPlanned", "RoundClosed", "RoundSealed", "CircleOpened"),
        *("DrawAnnounced", "EntrantsFixed", "DrawDone"),
        *("RewardAdded", "OfferAccepted", "OfferDeclined", "OfferLapsed", "OfferHandled"),
    }


def test_every_sensitive_event_is_told_by_a_view_that_takes_it() -> None:
    for event in SENSITIVE:
        assert event in VIEWS[told_by(event)].on, event.wire


def test_every_kind_has_its_words() -> None:
    assert set(LABELS) == set(SENSITIVE.values())


def test_what_the_clock_does_and_what_an_author_takes_back_is_ordinary() -> None:
    assert kind_of(RoundClosing(round="final")) is None
    assert kind_of(RoundClosing(round="final", by="dora")) == "rounds"
    assert kind_of(TextRemoved(text="0" * 64, by="dora")) is None
    assert kind_of(TextRemoved(text="0" * 64, by="dora", reason=text("An address."))) == "texts"
