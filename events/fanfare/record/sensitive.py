"""
Which events are sensitive: what somebody decided by hand that others have to be able to question.

Every event of the catalogue is either in one list or in the other, with the reason; a test holds that. So nobody adds a decision
that strangers are not told of without saying why.
"""

from collections.abc import Mapping
from typing import Literal

from fanfare.record import (
    answers,
    ballots,
    bringing,
    campaigns,
    circles,
    draws,
    ideas,
    members,
    moderation,
    notary,
    powers,
    recognition,
    rewards,
    site,
    texts,
)
from fanfare.record.kinds import Event

Kind = Literal["rights", "gifts", "rounds", "texts", "keys", "erasures", "settings"]

SENSITIVE: Mapping[type[Event], Kind] = {
    **dict.fromkeys((site.RoleGranted, site.RoleRevoked, powers.PowerGranted, powers.PowerEnded), "rights"),
    **dict.fromkeys((recognition.AwardGranted, recognition.AwardRevoked), "gifts"),
    **dict.fromkeys((rewards.RewardOffered, rewards.OfferWithdrawn, rewards.StockSet, rewards.RewardClosed), "gifts"),
    draws.DrawVoided: "gifts",
    **dict.fromkeys((campaigns.RoundOpened, campaigns.RoundClosing, campaigns.RoundExtended, campaigns.RoundReworded), "rounds"),
    **dict.fromkeys((campaigns.RoundPaused, campaigns.RoundResumed, campaigns.RoundVoided, campaigns.RoundRuled), "rounds"),
    **dict.fromkeys((moderation.ContentHidden, moderation.ContentShown, texts.TextRemoved), "texts"),
    **dict.fromkeys((notary.NotaryKeyAdded, notary.NotaryKeyRetired), "keys"),
    members.MemberErased: "erasures",
    **dict.fromkeys((site.SiteChanged, site.PartitionsAdded, circles.CircleChanged, circles.CircleClosed), "settings"),
    **dict.fromkeys((recognition.RulePublished, recognition.RuleRetired, recognition.AutomationSet), "settings"),
}

_FAN = "a fan's own act, about herself or her own words"
_FOLLOWS = "the clock writes it, and it follows from the record"
_PLANNED = "it only says what is going to be; nobody has relied on it yet"
_THANKS = "words of thanks give nothing that counts"
ORDINARY: Mapping[type[Event], str] = {
    site.SiteFounded: "the beginning of the record; nothing was there to be changed",
    **dict.fromkeys((campaigns.CampaignPublished, campaigns.RoundPlanned), _PLANNED),
    **dict.fromkeys((draws.DrawAnnounced, rewards.RewardAdded, circles.CircleOpened), _PLANNED),
    **dict.fromkeys((campaigns.RoundClosed, campaigns.RoundSealed, draws.EntrantsFixed, draws.DrawDone), _FOLLOWS),
    **dict.fromkeys((members.TookPart, ballots.BallotsClosed, bringing.NewcomerBrought, rewards.OfferLapsed), _FOLLOWS),
    **dict.fromkeys((members.MemberJoined, ballots.BallotCast, draws.DrawEntered, draws.DrawLeft), _FAN),
    **dict.fromkeys((ideas.IdeaRaised, ideas.IdeaEdited, ideas.IdeaWithdrawn, ideas.CommentMade), _FAN),
    **dict.fromkeys((ideas.IdeaSupported, ideas.SupportWithdrawn, draws.SeatAccepted, draws.SeatDeclined), _FAN),
    **dict.fromkeys((rewards.OfferAccepted, rewards.OfferDeclined, circles.CircleEntered, circles.CircleLeft), _FAN),
    **dict.fromkeys((recognition.StandingsLeft, recognition.StandingsJoined), _FAN),
    **dict.fromkeys((recognition.KudosGiven, recognition.KudosTakenBack, bringing.NewcomerWelcomed), _THANKS),
    recognition.FanThanked: _THANKS,
    answers.IdeaAnswered: "it changes no figure, and stands on the idea's own page with its reason",
    rewards.OfferHandled: "it says how far a parcel came; that it was given is told when it is offered",
    **dict.fromkeys((circles.CircleInvited, circles.CircleUninvited), "whom a circle invites is told there; hundreds at once"),
    circles.BriefShared: "its words are for a circle alone; that it was shared stands on the circle's page",
}
"""Why each of the others is none."""


def kind_of(event: Event) -> Kind | None:
    """
    Return what kind of sensitive act an event is; none where it is an ordinary one.

    What the clock, a rule or a text's own author did is ordinary, though a person by hand can do the same.
    """
    match event:
        case campaigns.RoundOpened(by=None) | campaigns.RoundClosing(by=None):
            return None
        case recognition.AwardGranted(by=None) | recognition.AwardRevoked(by=None) | texts.TextRemoved(reason=None):
            return None
        case _:
            return SENSITIVE.get(type(event))
