"""The clock of a round, as its steps: what is done, what is now, what comes by itself."""

from collections.abc import Mapping
from datetime import datetime

from fanfare.record.campaigns import Round, RoundClosing, RoundOpened
from fanfare.record.terms import Advanced
from fanfare.web import words
from fanfare.web.contexts.campaigns import RoundStub
from fanfare.web.contexts.ideas import Step


def clock(found: Round, stub: RoundStub, moments: Mapping[tuple[str, str], datetime], zone: str, now: datetime) -> list[Step]:
    """
    Return the steps of a round.

    Args:
        moments: when the rounds of the campaign did what, by id and wire name.
    """
    opened, closing = (moments.get((found.id, kind.wire)) for kind in (RoundOpened, RoundClosing))
    return [*_before(found, stub, opened, zone, now), *_after(found, stub, closing, zone, now)]


def _before(found: Round, stub: RoundStub, opened: datetime | None, zone: str, now: datetime) -> list[Step]:
    if found.terms is None and found.status == "void":
        return [Step("It never opened", "No terms were frozen and no ballot was taken.", "failed")]
    if found.terms is None:
        opens = f"Opens {words.when(stub.opens_at, zone, now)}"
        by_itself = "By itself, once the round before it is sealed." if isinstance(found.plan.options, Advanced) else "By itself."
        return [
            Step("The plan is public", "It may still be changed, visibly. At the opening it freezes into terms.", "now"),
            Step(opens, by_itself, "next"),
        ]
    at = words.when(opened or stub.opens_at, zone, now)
    line = f"Nobody can change them unseen, you included. Fingerprint {words.short_hash(found.terms_hash)}."
    return [Step(f"Terms frozen, {at}", line, "done")]


def _after(found: Round, stub: RoundStub, closing: datetime | None, zone: str, now: datetime) -> list[Step]:
    closes = words.when(stub.closes_at, zone, now)
    at = words.when(closing or stub.closes_at, zone, now)
    closed = Step(f"Closed, {at}", "What came later is late and does not count.", "done")
    match found.status:
        case "planned":
            return [Step(f"Closes {closes}", "By itself.", "next")]
        case "open":
            title = f"Paused; the close stays {closes}" if found.paused else f"Open until {closes}"
            line = f"“{stub.reason}”" if found.paused else f"{words.left(stub.closes_at, now)} left."
            return [Step(title, line, "now"), Step("Close and count", "By itself. Nobody needs to be there.", "next")]
        case "closing":
            return [Step("Closing", "Its last ballots are being read back.", "now")]
        case "closed" if stub.waiting:
            return [closed, Step("Waits for a ruling", "Something that may be of it cannot be read.", "failed")]
        case "closed":
            return [closed, Step("Counting", "It is sealed as soon as its report is made.", "now")]
        case "sealed":
            fingerprint = words.short_hash(found.sealed.report) if found.sealed else ""
            return [closed, Step("Sealed", f"Its report can no longer change. Fingerprint {fingerprint}.", "done")]
        case _:
            return [Step("Void", f"“{stub.reason}”", "failed")]
