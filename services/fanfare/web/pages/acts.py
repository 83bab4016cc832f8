"""Acts in sentences: what hosts and fans did, as the timeline, the reports and the tape tell it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record import campaigns, ideas, members
from fanfare.record.answers import IdeaAnswered
from fanfare.record.bringing import NewcomerBrought, NewcomerWelcomed
from fanfare.record.circles import BriefShared, CircleChanged, CircleClosed, CircleOpened
from fanfare.record.draws import DrawAnnounced, DrawDone, DrawVoided, EntrantsFixed
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.powers import Powers
from fanfare.record.recognition import AutomationSet, AwardGranted, AwardRevoked, RulePublished, RuleRetired
from fanfare.record.rewards import OfferWithdrawn, RewardAdded, RewardClosed, RewardOffered, StockSet
from fanfare.record.texts import TextRemoved
from fanfare.views.timeline import Act
from fanfare.web import urls, words
from fanfare.web.contexts.campaigns import TimelineEntry
from fanfare.web.contexts.results import Ruling
from fanfare.web.pages import by_right
from fanfare.web.pages.hidden import rule
from fanfare.web.pages.rounds import UNNAMED

_IDEA = {
    # Translators: this and the others of this file stand after the name of who did it: "Imani O. raised Pine & Lime".
    ideas.IdeaRaised.wire: marked("raised %(idea)s"),
    ideas.IdeaEdited.wire: marked("wrote a new version of %(idea)s"),
    ideas.IdeaWithdrawn.wire: marked("withdrew %(idea)s"),
    ideas.CommentMade.wire: marked("commented on %(idea)s"),
    ideas.IdeaSupported.wire: marked("supports %(idea)s"),
    ideas.SupportWithdrawn.wire: marked("no longer supports %(idea)s"),
    IdeaAnswered.wire: marked("answered %(idea)s"),
}
_MODERATION = {
    # Translators: after the name of who did it.
    (ContentHidden.wire, "comment"): marked("hid a comment"),
    (ContentHidden.wire, "idea"): marked("hid an idea"),
    (ContentShown.wire, "comment"): marked("showed a comment again"),
    (ContentShown.wire, "idea"): marked("showed an idea again"),
}
_REMOVED = {
    ("picture", True): (marked("removed a picture on %(idea)s"), marked("removed a picture")),
    ("picture", False): (marked("took back a picture on %(idea)s"), marked("took back a picture")),
    ("text", True): (marked("removed a text on %(idea)s"), marked("removed a text")),
    ("text", False): (marked("took back a comment on %(idea)s"), marked("took back a comment")),
}
"""By what it was and whether a reason was given: where an idea is known, and where none is."""
_RECOGNITION = {
    # Translators: after the name of the host who did it.
    RulePublished.wire: marked("published the rule %(rule)s"),
    RuleRetired.wire: marked("retired the rule %(rule)s"),
    AwardGranted.wire: marked("gave a fan a title"),
    AwardRevoked.wire: marked("took a title back"),
}
_DRAW = {
    # Translators: after the name of who did it.
    DrawAnnounced.wire: marked("announced a draw"),
    EntrantsFixed.wire: marked("fixed who is drawn from"),
    DrawDone.wire: marked("drew"),
    DrawVoided.wire: marked("called a draw off"),
}
_CIRCLE = {
    # Translators: after the name of the host who did it.
    CircleOpened.wire: marked("opened a circle"),
    CircleChanged.wire: marked("changed a circle"),
    CircleClosed.wire: marked("closed a circle"),
    BriefShared.wire: marked("shared a brief with a circle"),
}
_REWARD = {
    # Translators: after the name of the host who did it.
    RewardAdded.wire: marked("put a reward on the shelf"),
    StockSet.wire: marked("changed how many there are of a reward"),
    RewardClosed.wire: marked("closed a reward"),
    RewardOffered.wire: marked("offered a fan a reward"),
    OfferWithdrawn.wire: marked("withdrew the offer of a reward"),
}
_NEWCOMERS = {
    # Translators: after the name of who did it.
    NewcomerBrought.wire: marked("brought a newcomer in, who contributed"),
    NewcomerWelcomed.wire: marked("welcomed a newcomer"),
}
_ROUND = {
    # Translators: this and the others of this file stand after the name of who did it: "Dora Lindqvist opened round 2".
    campaigns.RoundPlanned.wire: marked("planned %(round)s"),
    campaigns.RoundOpened.wire: marked("opened %(round)s and froze its terms"),
    campaigns.RoundExtended.wire: marked("extended %(round)s"),
    campaigns.RoundReworded.wire: marked("amended the wording of %(round)s"),
    campaigns.RoundPaused.wire: marked("paused %(round)s"),
    campaigns.RoundResumed.wire: marked("resumed %(round)s"),
    campaigns.RoundVoided.wire: marked("voided %(round)s"),
    campaigns.RoundClosing.wire: marked("closed %(round)s"),
    campaigns.RoundClosed.wire: marked("read the last ballot of %(round)s"),
    campaigns.RoundRuled.wire: marked("ruled on what cannot be read in %(round)s"),
    campaigns.RoundSealed.wire: marked("sealed %(round)s"),
    members.TookPart.wire: marked("voted in %(round)s"),
}
_OUT_OF_TURN = {
    campaigns.RoundOpened.wire: marked("opened by hand"),
    campaigns.RoundExtended.wire: marked("extended"),
    campaigns.RoundReworded.wire: marked("the wording amended"),
    campaigns.RoundPaused.wire: marked("paused"),
    campaigns.RoundResumed.wire: marked("resumed"),
    campaigns.RoundVoided.wire: marked("voided"),
    campaigns.RoundClosing.wire: marked("closed by hand"),
    campaigns.RoundRuled.wire: marked("ruled to pass over what cannot be read"),
}
CLOCK = marked("The clock")
GONE = words.GONE


class Told(msgspec.Struct, frozen=True):
    """What a sentence about an act needs to know."""

    rounds: Mapping[str, str]
    """`round 2`, by the round's id."""
    hosts: frozenset[str]
    zone: str
    now: datetime
    powers: Powers = Powers()
    """By which a fan may have done it."""


def who(act: Act) -> str:
    """Return who did it: a member as she is called today, or the clock."""
    return act.name or (_(GONE) if act.member else _(CLOCK))


def standing(act: Act, told: Told) -> str:
    """Return by which right somebody did it who is no host; empty for everybody else."""
    may = by_right.claimed(act.wire)
    if may is None or act.member is None:
        return ""
    return by_right.standing(told.powers, act.member, may, act.campaign, act.at, told.zone, told.now)


def named(act: Act, told: Told) -> str:
    """Return who did it, with the right that she did it by, where she is a fan who was given one."""
    by = standing(act, told)
    return f"{who(act)} ({by})" if by else who(act)


def sentence(act: Act, told: Told) -> str:
    """Return what was done, after the name."""
    idea = act.idea_title or _(UNNAMED)
    if act.wire == TextRemoved.wire:
        kind = "picture" if act.details.get("kind") == "picture" else "text"
        on_idea, alone = _REMOVED[kind, bool(act.details.get("reason"))]
        return _(on_idea, idea=idea) if act.idea else _(alone)
    kind = "comment" if act.details.get("kind") == "comment" else "idea"
    if (act.wire, kind) in _MODERATION:
        done, because = _(_MODERATION[act.wire, kind]), _ruled(act)
        return _("%(done)s: %(rule)s", done=done, rule=because) if because else done
    if act.wire in _IDEA:
        return _(_IDEA[act.wire], idea=idea)
    if act.wire in _DRAW:
        return _(_DRAW[act.wire])
    if act.wire in _CIRCLE:
        return _(_CIRCLE[act.wire])
    if act.wire in _REWARD:
        return _(_REWARD[act.wire])
    if act.wire in _NEWCOMERS:
        return _(_NEWCOMERS[act.wire])
    if act.wire in by_right.WIRES:
        return by_right.sentence(act.wire, act.details)
    if act.wire == AwardRevoked.wire and act.member == act.details.get("member"):
        return _("laid a title down")
    if act.wire in _RECOGNITION:
        return _(_RECOGNITION[act.wire], rule=str(act.details.get("rule", "")))
    if act.wire == AutomationSet.wire:
        return _("let rules award") if act.details.get("allowed") else _("let people alone recognise, and no rule")
    if act.wire not in _ROUND:
        return _("published the campaign")
    of = told.rounds.get(act.round or "", _("a round"))
    if act.wire == campaigns.RoundExtended.wire:
        return _("extended %(round)s until %(when)s", round=of, when=words.when(_until(act), told.zone, told.now))
    return _(_ROUND[act.wire], round=of)


def told_of(act: Act, told: Told) -> str:
    """Return who did what."""
    return _("%(who)s %(did)s", who=named(act, told), did=sentence(act, told))


def _ruled(act: Act) -> str:
    code = act.details.get("rule")
    return rule(str(code)).rstrip(".") if code else ""


def _until(act: Act) -> datetime:
    return datetime.fromisoformat(str(act.details["closes_at"]))


def entry(act: Act, told: Told) -> TimelineEntry:
    """Return a line of the timeline."""
    return TimelineEntry(
        at=act.at,
        who=who(act),
        is_host=act.member in told.hosts,
        standing=standing(act, told),
        text=sentence(act, told),
        position=f"0/{words.number(act.offset)}",
        href=_leads_to(act),
        reason=act.text,
        member=act.member or "",
    )


def _leads_to(act: Act) -> str:
    if act.wire in _DRAW:
        return urls.draw(str(act.details.get("draw", "")))
    if act.wire in _CIRCLE:
        return urls.circle(str(act.details.get("circle", "")))
    if act.wire in _REWARD:
        return urls.REWARDS
    if act.wire in _NEWCOMERS:
        return urls.fan(str(act.details.get("newcomer", "")))
    if act.wire in by_right.WIRES:
        return urls.SITE_DECISIONS
    if act.idea:
        return urls.idea(act.idea)
    if "award" in act.details:
        return urls.award(str(act.details["award"]))
    if act.wire in _RECOGNITION or act.wire == AutomationSet.wire:
        return urls.RECOGNITION
    if act.round and act.wire not in (campaigns.RoundPlanned.wire, members.TookPart.wire):
        return urls.round_(act.round, "report")
    return ""


def rulings(acts: list[Act], told: Told, round_id: str = "") -> tuple[Ruling, ...]:
    """Return what hosts did out of turn, the earliest first, in one round or (empty) in all of a campaign."""
    chosen = [each for each in reversed(acts) if each.wire in _OUT_OF_TURN and each.member and round_id in ("", each.round)]
    return tuple(Ruling(_title(each, told, named=not round_id), _line(each, told), each.at) for each in chosen)


def _title(act: Act, told: Told, *, named: bool) -> str:
    done = _(_OUT_OF_TURN[act.wire])
    if act.wire == campaigns.RoundExtended.wire:
        done = _("extended until %(when)s", when=words.when(_until(act), told.zone, told.now))
    of = told.rounds.get(act.round or "", _("a round"))
    said = _("%(round)s: %(done)s", round=of, done=done) if named else done
    return said[:1].upper() + said[1:]


def _line(act: Act, told: Told) -> str:
    by = named(act, told)
    return _("“%(words)s” %(by)s.", words=act.text, by=by) if act.text else f"{by}."
