"""Templates: campaigns to begin with. Pure: the time comes in as an argument."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from fanfare.campaigns.drafts import DraftCampaign, DraftRound


def dewmocracy(now: datetime, zone: str) -> DraftCampaign:
    """Fans raise flavours; seven go on, then three, then one."""
    return DraftCampaign(rounds=[_ideas(now, zone), _seven_to_three(now, zone), _final(now, zone)])


def _ideas(now: datetime, zone: str) -> DraftRound:
    return DraftRound(
        name="Ideas",
        question="Which flavour should we make next?",
        opens_at=now,
        closes_at=now + timedelta(days=7),
        zone=zone,
        method="support.v1",
        options_from="ideas",
        advance=7,
    )


def _seven_to_three(now: datetime, zone: str) -> DraftRound:
    return DraftRound(
        name="Seven to three",
        question="Which flavours go on to the kitchen? Tick up to three.",
        opens_at=now + timedelta(days=8),
        closes_at=now + timedelta(days=15),
        zone=zone,
        method="approval.v1",
        most=3,
        options_from="round",
        from_round=1,
        advance=3,
    )


def _final(now: datetime, zone: str) -> DraftRound:
    return DraftRound(
        name="The final",
        question="Which of the three shall we put on shelves?",
        opens_at=now + timedelta(days=16),
        closes_at=now + timedelta(days=23),
        zone=zone,
        method="plurality.v1",
        options_from="round",
        from_round=2,
    )


def idea_box(now: datetime, zone: str) -> DraftCampaign:
    """One round: fans raise ideas and support those of others."""
    closes = now + timedelta(days=28)
    only = DraftRound(
        name="Idea box",
        question="What should we do better?",
        opens_at=now,
        closes_at=closes,
        zone=zone,
        method="support.v1",
        options_from="ideas",
        advance=5,
        ties="all-advance",
    )
    return DraftCampaign(rounds=[only])


def single_vote(now: datetime, zone: str) -> DraftCampaign:
    """One round: one question, a fixed list, one answer each."""
    only = DraftRound(
        name="The vote",
        question="",
        opens_at=now,
        closes_at=now + timedelta(days=7),
        zone=zone,
        options=["", ""],
    )
    return DraftCampaign(rounds=[only])


def from_nothing(now: datetime, zone: str) -> DraftCampaign:
    """No rounds yet."""
    del now, zone
    return DraftCampaign()


Template = Literal["dewmocracy", "idea-box", "single-vote", "empty"]
TEMPLATES: dict[str, Callable[[datetime, str], DraftCampaign]] = {
    "dewmocracy": dewmocracy,
    "idea-box": idea_box,
    "single-vote": single_vote,
    "empty": from_nothing,
}
"""By the name that the API and the pages use."""
