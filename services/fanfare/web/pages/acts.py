"""Acts in sentences: what hosts and fans did, as the timeline, the reports and the tape tell it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from fanfare.record import campaigns, ideas, members
from fanfare.record.answers import IdeaAnswered
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.texts import TextRemoved
from fanfare.views import rules
from fanfare.views.timeline import Act
from fanfare.web import urls, words
from fanfare.web.contexts.campaigns import TimelineEntry
from fanfare.web.contexts.results import Ruling
from fanfare.web.pages.rounds import UNNAMED

_IDEA = {
    ideas.IdeaRaised.wire: "raised {}",
    ideas.IdeaEdited.wire: "wrote a new version of {}",
    ideas.IdeaWithdrawn.wire: "withdrew {}",
    ideas.CommentMade.wire: "commented on {}",
    ideas.IdeaSupported.wire: "supports {}",
    ideas.SupportWithdrawn.wire: "no longer supports {}",
    IdeaAnswered.wire: "answered {}",
}
_MODERATION = {ContentHidden.wire: "hid {}", ContentShown.wire: "showed {} again"}
_ROUND = {
    campaigns.RoundPlanned.wire: "planned {}",
    campaigns.RoundOpened.wire: "opened {} and froze its terms",
    campaigns.RoundExtended.wire: "extended {}",
    campaigns.RoundReworded.wire: "amended the wording of {}",
    campaigns.RoundPaused.wire: "paused {}",
    campaigns.RoundResumed.wire: "resumed {}",
    campaigns.RoundVoided.wire: "voided {}",
    campaigns.RoundClosing.wire: "closed {}",
    campaigns.RoundClosed.wire: "read the last ballot of {}",
    campaigns.RoundRuled.wire: "ruled on what cannot be read in {}",
    campaigns.RoundSealed.wire: "sealed {}",
    members.TookPart.wire: "voted in {}",
}
_OUT_OF_TURN = {
    campaigns.RoundOpened.wire: "Opened by hand",
    campaigns.RoundExtended.wire: "Extended",
    campaigns.RoundReworded.wire: "The wording amended",
    campaigns.RoundPaused.wire: "Paused",
    campaigns.RoundResumed.wire: "Resumed",
    campaigns.RoundVoided.wire: "Voided",
    campaigns.RoundClosing.wire: "Closed by hand",
    campaigns.RoundRuled.wire: "Ruled to pass over what cannot be read",
}
CLOCK = "The clock"
GONE = words.GONE


class Told(msgspec.Struct, frozen=True):
    """What a sentence about an act needs to know."""

    rounds: Mapping[str, str]
    """`round 2`, by the round's id."""
    hosts: frozenset[str]
    zone: str
    now: datetime


def who(act: Act) -> str:
    """Return who did it: a member as she is called today, or the clock."""
    return act.name or (GONE if act.member else CLOCK)


def sentence(act: Act, told: Told) -> str:
    """Return what was done, after the name."""
    if act.wire == TextRemoved.wire:
        if act.details.get("kind") == "picture":
            said = "removed a picture" if act.details.get("reason") else "took back a picture"
        else:
            said = "removed a text" if act.details.get("reason") else "took back a comment"
        return f"{said} on {act.idea_title or UNNAMED}" if act.idea else said
    if act.wire in _MODERATION:
        kind = "a comment" if act.details.get("kind") == "comment" else "an idea"
        return ": ".join(filter(None, (_MODERATION[act.wire].format(kind), _ruled(act))))
    if act.wire in _IDEA:
        return _IDEA[act.wire].format(act.idea_title or UNNAMED)
    said = _ROUND.get(act.wire, "published the campaign").format(told.rounds.get(act.round or "", "a round"))
    if act.wire == campaigns.RoundExtended.wire:
        said += f" until {words.when(_until(act), told.zone, told.now)}"
    return said


def _ruled(act: Act) -> str:
    rule = act.details.get("rule")
    return rules.sentence(rule).rstrip(".") if rule else ""


def _until(act: Act) -> datetime:
    return datetime.fromisoformat(str(act.details["closes_at"]))


def entry(act: Act, told: Told) -> TimelineEntry:
    """Return a line of the timeline."""
    return TimelineEntry(
        at=act.at,
        who=who(act),
        is_host=act.member in told.hosts,
        text=sentence(act, told),
        position=f"0/{words.number(act.offset)}",
        href=_leads_to(act),
        reason=act.text,
        member=act.member or "",
    )


def _leads_to(act: Act) -> str:
    if act.idea:
        return urls.idea(act.idea)
    if act.round and act.wire not in (campaigns.RoundPlanned.wire, members.TookPart.wire):
        return urls.round_(act.round, "report")
    return ""


def rulings(acts: list[Act], told: Told, round_id: str = "") -> tuple[Ruling, ...]:
    """Return what hosts did out of turn, the earliest first, in one round or (empty) in all of a campaign."""
    chosen = [each for each in reversed(acts) if each.wire in _OUT_OF_TURN and each.member and round_id in ("", each.round)]
    return tuple(Ruling(_title(each, told, named=not round_id), _line(each), each.at) for each in chosen)


def _title(act: Act, told: Told, *, named: bool) -> str:
    title = _OUT_OF_TURN[act.wire]
    if act.wire == campaigns.RoundExtended.wire:
        title += f" until {words.when(_until(act), told.zone, told.now)}"
    return f"{told.rounds.get(act.round or '', 'A round').capitalize()}: {title[0].lower()}{title[1:]}" if named else title


def _line(act: Act) -> str:
    return f"“{act.text}” {who(act)}." if act.text else f"{who(act)}."
