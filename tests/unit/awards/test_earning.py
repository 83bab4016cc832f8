"""What a deed earns and when: caps, versions, retired rules, automation, and that what fell comes back as it was."""

from datetime import timedelta

from fanfare.awards.awarding import Awarding
from fanfare.awards.earning import Due
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported, SupportWithdrawn
from fanfare.record.kinds import Event
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.recognition import STREAM, AutomationSet, Badge, Earns, Points, RulePublished, RuleRetired, Tier
from fanfare.record.texts import TextRemoved
from tests.builders import HOST, NOON, an_entry, recorded, text


class Told:
    """A record that is folded as it is told."""

    def __init__(self) -> None:
        """Start with the ideas of two fans."""
        self.awarding = Awarding({})
        self._days = 0
        for idea, by in (("ida1", "ida"), ("ida2", "ida"), ("noor1", "noor")):
            words = {"title": text(idea), "body": text("b"), "tags": text("")}
            self.tell(IdeaRaised(idea=idea, campaign="flavour", round="ideas", by=by, **words))  # type: ignore[arg-type]

    def tell(self, *events: Event) -> list[Due]:
        """Append uncontested events and return what is due by them."""
        at = NOON + timedelta(days=self._days)
        return self._apply([recorded(each, at=at) for each in events])

    def decide(self, event: Event) -> None:
        """Append a decision about recognition."""
        after = self.awarding.deeds.streams.decisions(STREAM)
        self._apply([recorded(event, stream=STREAM, after=after)])

    def publish(self, earns: Earns, version: int = 1, deeds: tuple[str, ...] = ("support-given",), rule: str = "rule") -> None:
        """Put a rule in force."""
        words = {"title": text("r"), "words": text("w"), "by": HOST}
        self.decide(RulePublished(rule=rule, version=version, deeds=deeds, earns=earns, **words))  # type: ignore[arg-type]

    def tomorrow(self) -> None:
        """Let a day go by."""
        self._days += 1

    def _apply(self, events: list[Recorded]) -> list[Due]:
        return self.awarding.apply(an_entry(self.awarding.next_offset, *events))


def support(idea: str, by: str = "rosa", number: int = 1) -> IdeaSupported:
    """Return a fan's support."""
    return IdeaSupported(idea=idea, by=by, number=number)


def back(idea: str, number: int, by: str = "rosa") -> SupportWithdrawn:
    """Return that a fan took her support back."""
    return SupportWithdrawn(idea=idea, by=by, number=number)


def hide(idea: str) -> ContentHidden:
    """Return that an idea was hidden."""
    reason = text("It shouts.")
    return ContentHidden(content=idea, kind="idea", rule="insult", reason=reason, by=HOST, campaign="flavour", idea=idea)


def show(idea: str) -> ContentShown:
    """Return that an idea was shown again."""
    return ContentShown(content=idea, kind="idea", reason=text("It whispers."), by=HOST, campaign="flavour", idea=idea)


def turns(due: list[Due]) -> list[tuple[str, int, str]]:
    """Return whom each award is for, its turn and what it gives."""
    return [(each.member, each.turn, type(each.by.earns).__name__) for each in due]


def test_nobody_is_rewarded_for_what_she_did_to_herself() -> None:
    told = Told()
    told.publish(Points(points=1), deeds=("support-given", "idea-supported", "comment-made"))

    assert told.tell(support("ida1", by="ida")) == []
    assert told.tell(CommentMade(comment="c001", idea="ida1", by="ida", text=text("Me!"))) == []


def test_what_was_done_before_the_rule_earns_nothing_also_when_it_is_done_again() -> None:
    told = Told()
    told.tell(support("ida1"))
    told.publish(Points(points=1))

    assert told.tell(back("ida1", 2)) == []
    assert told.tell(support("ida1", number=3)) == []


def test_support_that_moves_from_idea_to_idea_earns_no_more_than_the_cap_of_the_day() -> None:
    told = Told()
    told.publish(Points(points=1, per_day=1))

    assert turns(told.tell(support("ida1"))) == [("rosa", 1, "Points")]
    assert turns(told.tell(support("ida2"))) == [], "the day is full"
    assert turns(told.tell(back("ida1", 2))) == [("rosa", 2, "Points")]
    assert turns(told.tell(support("noor1"))) == [("rosa", 1, "Points")], "there is room again"
    assert turns(told.tell(support("ida1", number=3))) == [], "and none for the first to come back"
    told.tomorrow()
    assert turns(told.tell(support("noor1", by="zoe"), back("noor1", 2))) == [("zoe", 1, "Points"), ("rosa", 2, "Points")]
    assert turns(told.tell(support("noor1", number=3))) == [("rosa", 3, "Points")], "it belongs to its own day"


def test_one_target_earns_no_more_than_its_cap() -> None:
    told = Told()
    told.publish(Points(points=1, per_target=1), deeds=("comment-made",))
    comments = [CommentMade(comment=f"c00{n}", idea="ida1", by="rosa", text=text(str(n))) for n in range(3)]

    assert turns(told.tell(*comments)) == [("rosa", 1, "Points")]


def test_what_fell_comes_back_as_it_was_though_the_rule_changed_was_retired_and_automation_is_off() -> None:
    told = Told()
    told.publish(Points(points=5), deeds=("idea-supported",))
    (first,) = told.tell(support("ida1"))
    told.publish(Points(points=1), version=2, deeds=("idea-supported",))
    told.decide(RuleRetired(rule="rule", by=HOST, reason=text("Enough.")))
    told.decide(AutomationSet(allowed=False, by=HOST, reason=text("Enough.")))

    (revoked,) = told.tell(hide("ida1"))
    (again,) = told.tell(show("ida1"))

    assert (revoked.award, revoked.turn, again.award, again.turn) == (first.award, 2, first.award, 3)
    assert again.by == first.by
    assert told.tell(support("ida1", by="zoe")) == [], "nothing new is earned"


def test_a_press_that_was_void_is_void_however_often_it_is_appended() -> None:
    told = Told()
    told.publish(Points(points=1))
    told.tell(hide("ida1"))
    press = support("ida1")
    told.tell(press)
    told.tell(show("ida1"))

    assert told.tell(press) == []


def test_a_removed_text_takes_the_deed_and_a_text_that_its_author_removed_does_not() -> None:
    told = Told()
    told.publish(Points(points=1), deeds=("comment-made",))
    told.tell(*(CommentMade(comment=f"c00{n}", idea="ida1", by="rosa", text=text(f"words {n}")) for n in range(2)))

    assert told.tell(TextRemoved(text=text("words 0"), by="rosa")) == []
    assert told.tell(TextRemoved(text=text("words 0"), by=HOST, reason=text("Private."))) == [], "it was gone already"
    assert turns(told.tell(TextRemoved(text=text("words 1"), by=HOST, reason=text("Private.")))) == [("rosa", 2, "Points")]


def test_levels_rise_and_fall_with_what_is_counted() -> None:
    told = Told()
    told.publish(Points(points=3), rule="points")
    told.publish(Badge(emblem="spark", levels=(1, 2)), rule="badge")
    told.publish(Tier(levels=(6,), names=(text("Taster"),)), deeds=(), rule="tier")

    assert turns(told.tell(support("ida1"))) == [("rosa", 1, "Points"), ("rosa", 1, "Badge")]
    assert turns(told.tell(support("ida2"))) == [("rosa", 1, "Points"), ("rosa", 1, "Tier"), ("rosa", 1, "Badge")]
    assert turns(told.tell(back("ida2", 2))) == [("rosa", 2, "Points"), ("rosa", 2, "Tier"), ("rosa", 2, "Badge")]
    assert turns(told.tell(support("noor1"))) == [("rosa", 1, "Points"), ("rosa", 3, "Tier"), ("rosa", 3, "Badge")]


def test_a_version_with_higher_levels_takes_nothing_from_who_reached_them_before() -> None:
    told = Told()
    told.publish(Badge(emblem="spark", levels=(1,)))
    told.tell(support("ida1"))
    told.publish(Badge(emblem="spark", levels=(3,)), version=2)

    assert told.tell(support("ida2")) == []
    assert turns(told.tell(back("ida1", 2), back("ida2", 2))) == [("rosa", 2, "Badge")], "it falls when the first version's would"
