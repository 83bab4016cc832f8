"""A partition 0 full of what earns something: members, ideas, support and comments, in entries of a hundred."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from fanfare.record import ideas, members
from fanfare.record.entry import pack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode
from fanfare.record.kinds import Event
from fanfare.record.recognition import STREAM, Badge, Points, RulePublished, Tier
from fanfare.record.terms import IdeasRaised
from tests.bench.filling import IN_ENTRY
from tests.builders import HOST, NOON, SITE, a_plan, founded, planned, published, text

MEMBERS, IDEAS = 100_000, 20_000
_EARNING = ("idea-raised", "comment-made", "support-given", "idea-supported")
_WORDS = {"title": text("r"), "words": text("w"), "by": HOST}
POINTS = RulePublished(rule="points", version=1, deeds=_EARNING, earns=Points(points=2, per_day=20, per_target=5), **_WORDS)  # type: ignore[arg-type]
RULES = (
    POINTS,
    RulePublished(rule="badge", version=1, deeds=("support-given",), earns=Badge(emblem="spark", levels=(1, 5, 20)), **_WORDS),
    RulePublished(rule="tier", version=1, deeds=(), earns=Tier(levels=(10, 100), names=(text("a"), text("b"))), **_WORDS),
)


def bodies(count: int, *rules: RulePublished) -> Iterator[bytes]:
    """Yield the entries of partition 0: a founding, a campaign, the *rules*, and then *count* events of fans."""
    plan = planned(a_plan(method="support.v1", options=IdeasRaised()), "ideas")
    yield pack([_encoded(0, founded(), Decision("site", 0))])
    yield pack([_encoded(each, event, Decision("flavour", 0)) for each, event in enumerate((published(), plan), 1)])
    for after, rule in enumerate(rules):
        yield pack([_encoded(3 + after, rule, Decision(STREAM, after))])
    waiting = []
    for number, event in enumerate(_fans(Random(7), count), 100):
        waiting.append(_encoded(number, event))
        if len(waiting) == IN_ENTRY:
            yield pack(waiting)
            waiting = []
    if waiting:
        yield pack(waiting)


def _encoded(number: int, event: Event, decision: Decision | None = None) -> bytes:
    at = NOON + timedelta(seconds=number // 50)
    made = derived_id("bench", str(number))
    return encode(Recorded(id=made, source=SITE, subject="bench", time=at, event=event, decision=decision))


def _fans(random: Random, count: int) -> Iterator[Event]:
    """A twentieth joins and a fiftieth raises ideas first; of the rest a quarter comments and the others support."""
    joined, raised = min(MEMBERS, count // 20), min(IDEAS, count // 50)
    everybody = [derived_id("member", str(each))[:26] for each in range(joined)]
    titles = {each: text(each) for each in ("title", "body", "tags")}
    opened = [derived_id("idea", str(each))[:26] for each in range(raised)]
    yield from (members.MemberJoined(member=each) for each in everybody)
    for idea in opened:
        by = random.choice(everybody)
        yield ideas.IdeaRaised(idea=idea, campaign="flavour", round="ideas", by=by, **titles)  # type: ignore[arg-type]
    for number in range(count - joined - raised):
        by, idea = random.choice(everybody), random.choice(opened)
        if random.random() < 0.25:
            yield ideas.CommentMade(comment=derived_id("comment", str(number))[:26], idea=idea, by=by, text=text(str(number)))
        else:
            yield ideas.IdeaSupported(idea=idea, by=by, number=1)
