"""What the record claims of rounds that are for a circle: nobody took part who never belonged while it was open."""

from fanfare.audit.checks.fold import Fold
from fanfare.audit.claims import Claim, claim
from fanfare.record.campaigns import Round
from fanfare.record.terms import circle_of


def circle_claims(fold: Fold) -> list[Claim]:
    """Return a claim for each round of a circle that opened; *fold* has come to the end."""
    opened = [fold.recount.streams.round(each.terms.round) for each in fold.course.openings]
    return [_claim(fold, found) for _, found in filter(None, opened) if circle_of(found.plan.electorate)]


def _claim(fold: Fold, found: Round) -> Claim:
    """A ballot names nobody, so of ballots only their number can be checked; whoever raises or supports an idea is named."""
    recount, circle = fold.recount, circle_of(found.plan.electorate)
    could = recount.circled.could_vote(found, recount.streams.circles)
    if found.plan.method == "support.v1":
        strangers = sorted(recount.took_part(found.id) - could)
        said = f"who raised or supported an idea had belonged to circle {circle} while the round was open"
        return claim(f"electorate of {found.id}", said, [f"{each} never belonged to circle {circle}" for each in strangers])
    counted = recount.figures(found).ballots.counted
    said = f"{counted} voted, and {len(could)} belonged to circle {circle} while the round was open"
    return claim(f"electorate of {found.id}", said, [f"{said}: that is fewer"] if counted > len(could) else [])
