"""
The catalogue: every event there is, with its JSON Schema and a stored example.

``python -m fanfare.record.catalogue`` prints docs/event-catalogue.md.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import msgspec

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
from fanfare.record.examples import EXAMPLES
from fanfare.record.kinds import Event

_ALL: tuple[type[Event], ...] = (
    site.SiteFounded,
    site.SiteChanged,
    site.RoleGranted,
    site.PartitionsAdded,
    site.RoleRevoked,
    members.MemberJoined,
    members.TookPart,
    members.MemberErased,
    campaigns.CampaignPublished,
    campaigns.RoundPlanned,
    campaigns.RoundOpened,
    campaigns.RoundExtended,
    campaigns.RoundReworded,
    campaigns.RoundPaused,
    campaigns.RoundResumed,
    campaigns.RoundVoided,
    campaigns.RoundClosing,
    campaigns.RoundClosed,
    campaigns.RoundRuled,
    campaigns.RoundSealed,
    ideas.IdeaRaised,
    ideas.IdeaEdited,
    ideas.IdeaWithdrawn,
    ideas.IdeaSupported,
    ideas.SupportWithdrawn,
    ideas.CommentMade,
    answers.IdeaAnswered,
    moderation.ContentHidden,
    moderation.ContentShown,
    texts.TextRemoved,
    recognition.RulePublished,
    recognition.RuleRetired,
    recognition.AutomationSet,
    recognition.AwardGranted,
    recognition.AwardRevoked,
    recognition.StandingsLeft,
    recognition.StandingsJoined,
    recognition.KudosGiven,
    recognition.KudosTakenBack,
    recognition.FanThanked,
    bringing.NewcomerBrought,
    bringing.NewcomerWelcomed,
    draws.DrawAnnounced,
    draws.DrawEntered,
    draws.DrawLeft,
    draws.EntrantsFixed,
    draws.DrawDone,
    draws.DrawVoided,
    draws.SeatAccepted,
    draws.SeatDeclined,
    rewards.RewardAdded,
    rewards.StockSet,
    rewards.RewardClosed,
    rewards.RewardOffered,
    rewards.OfferAccepted,
    rewards.OfferDeclined,
    rewards.OfferLapsed,
    rewards.OfferWithdrawn,
    rewards.OfferHandled,
    powers.PowerGranted,
    powers.PowerEnded,
    circles.CircleOpened,
    circles.CircleChanged,
    circles.CircleClosed,
    circles.CircleInvited,
    circles.CircleUninvited,
    circles.CircleEntered,
    circles.CircleLeft,
    circles.BriefShared,
    notary.NotaryKeyAdded,
    notary.NotaryKeyRetired,
    ballots.BallotCast,
    ballots.BallotsClosed,
)

EVENTS: dict[str, type[Event]] = {event.wire: event for event in _ALL}
"""Each wire name that this version reads."""

UPCASTS: dict[str, Callable[[Event], Event]] = {}
"""From an old wire name to a function that gives the event of today. Nothing has been superseded yet."""

CONTESTED: frozenset[type[Event]] = frozenset(
    {
        *site.SiteEvent.__args__,
        *campaigns.CampaignEvent.__args__,
        *recognition.RecognitionEvent.__args__,
        *draws.DrawEvent.__args__,
        *circles.CircleEvent.__args__,
        *powers.PowerEvent.__args__,
        *rewards.RewardEvent.__args__,
        *notary.NotaryEvent.__args__,
    }
)
"""Events that belong to a stream and say what they were decided upon."""


def schema(event: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the event's data."""
    (found,), parts = msgspec.json.schema_components([event], ref_template="#/$defs/{name}")
    whole = parts.pop(event.__name__) if event.__name__ in parts else found
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, **({"$defs": parts} if parts else {})}


def document() -> str:
    """Return docs/event-catalogue.md."""
    lines = [
        "# The event catalogue",
        "",
        "Made by `make docs` from `events/fanfare/record`; do not edit. Each event is the `data` of a CloudEvents 1.0 object",
        "whose `type` is the wire name. A wire name is never reused, and its stored example decodes for ever. Contested events",
        "also carry `stream` and `after`: the first entry whose `after` is current is taken, all others are passed over.",
    ]
    for wire, event in EVENTS.items():
        contested = " Contested." if event in CONTESTED else ""
        lines += ["", f"## {wire}", "", f"{inspect.cleandoc(event.__doc__ or '')}{contested}", "", "```json"]
        lines += [
            msgspec.json.format(EXAMPLES[wire], indent=2).decode(),
            "```",
            "",
            "<details><summary>JSON Schema</summary>",
            "",
            "```json",
        ]
        lines += [msgspec.json.format(msgspec.json.encode(schema(event)), indent=2).decode(), "```", "", "</details>"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
