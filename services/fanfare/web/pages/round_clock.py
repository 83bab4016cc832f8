"""The clock of a round, as its steps: what is done, what is now, what comes by itself."""

from collections.abc import Mapping
from datetime import datetime

from fanfare.platform.language import gettext as _
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
        return [Step(_("It never opened"), _("No terms were frozen and no ballot was taken."), "failed")]
    if found.terms is None:
        opens = _("Opens %(when)s", when=words.when(stub.opens_at, zone, now))
        follows = isinstance(found.plan.options, Advanced)
        by_itself = _("By itself, once the round before it is sealed.") if follows else _("By itself.")
        return [
            Step(_("The plan is public"), _("It may still be changed, visibly. At the opening it freezes into terms."), "now"),
            Step(opens, by_itself, "next"),
        ]
    at = words.when(opened or stub.opens_at, zone, now)
    fingerprint = words.short_hash(found.terms_hash)
    line = _("Nobody can change them unseen, you included. Fingerprint %(fingerprint)s.", fingerprint=fingerprint)
    return [Step(_("Terms frozen, %(when)s", when=at), line, "done")]


def _after(found: Round, stub: RoundStub, closing: datetime | None, zone: str, now: datetime) -> list[Step]:
    closes = words.when(stub.closes_at, zone, now)
    at = words.when(closing or stub.closes_at, zone, now)
    closed = Step(_("Closed, %(when)s", when=at), _("What came later is late and does not count."), "done")
    match found.status:
        case "planned":
            return [Step(_("Closes %(when)s", when=closes), _("By itself."), "next")]
        case "open":
            left = _("%(time)s left.", time=words.left(stub.closes_at, now))
            step = Step(_("Open until %(when)s", when=closes), left, "now")
            if found.paused:
                step = Step(_("Paused; the close stays %(when)s", when=closes), f"“{stub.reason}”", "now")
            return [step, Step(_("Close and count"), _("By itself. Nobody needs to be there."), "next")]
        case "closing":
            return [Step(_("Closing"), _("Its last ballots are being read back."), "now")]
        case "closed" if stub.waiting:
            return [closed, Step(_("Waits for a ruling"), _("Something that may be of it cannot be read."), "failed")]
        case "closed":
            return [closed, Step(_("Counting"), _("It is sealed as soon as its report is made."), "now")]
        case "sealed":
            fingerprint = words.short_hash(found.sealed.report) if found.sealed else ""
            line = _("Its report can no longer change. Fingerprint %(fingerprint)s.", fingerprint=fingerprint)
            return [closed, Step(_("Sealed"), line, "done")]
        case _:
            return [Step(_("Void"), f"“{stub.reason}”", "failed")]
