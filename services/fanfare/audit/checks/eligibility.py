"""What the record claims of who took part, as far as it can show that: no more voters than members, and no strangers."""

from fanfare.audit.checks.fold import Fold
from fanfare.audit.claims import Claim, claim
from fanfare.record.campaigns import Round
from fanfare.record.terms import circle_of

_ONE_HUMAN = (
    "that a member is one human, and votes by herself: a record cannot show it. What the site does against more accounts of one "
    "human stands in its limits"
)


def eligibility_claims(fold: Fold) -> list[Claim]:
    """Return a claim for each round that opened; that of a circle has one of its own. *fold* has come to the end."""
    opened = [fold.recount.streams.round(each.terms.round) for each in fold.course.openings]
    found = [each for _, each in filter(None, opened) if not circle_of(each.plan.electorate)]
    return [_supported(fold, each) if each.plan.method == "support.v1" else _voted(fold, each) for each in found]


def _voted(fold: Fold, found: Round) -> Claim:
    """A ballot names nobody. Each token counts once, so there are at most as many as could vote."""
    box, members = fold.recount.box(found), fold.recount.figures(found).members
    counted, channels = box.ballots().counted, box.channels
    said = f"{counted} tokens voted in time, {members} members {_joined(found)}; each ballot was admitted as a member’s"
    came = ", ".join(f"{number} by {channel}" for channel, number in sorted(channels.items()))
    wrong = [f"{said}: there are more votes than members"] if counted > members else []
    return claim(f"eligibility of {found.id}", f"{said}; they came {came}" if came else said, wrong, [_ONE_HUMAN])


def _joined(found: Round) -> str:
    if found.plan.electorate == "members-before-opening":
        return "had joined by the opening"
    return "have joined so far" if found.status == "open" else "had joined by the close"


def _supported(fold: Fold, found: Round) -> Claim:
    """Whoever raises or supports an idea is named."""
    strangers = sorted(fold.recount.strangers(found.id))
    said = f"each of {len(fold.recount.took_part(found.id))} who raised or supported an idea had joined"
    wrong = [f"{each} raised or supported an idea, and never joined" for each in strangers]
    return claim(f"eligibility of {found.id}", said, wrong, [_ONE_HUMAN])
