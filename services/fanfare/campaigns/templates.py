"""Templates: campaigns to begin with, in words to publish as they are, in the host’s language. Pure: the time comes in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from fanfare.campaigns.drafts import DraftCampaign, DraftRound
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked

_ANSWER = marked("Whatever goes on gets an answer from us within two weeks of the close, here and by name.")


def dewmocracy(now: datetime, zone: str) -> DraftCampaign:
    """Fans raise flavours; seven go on, then three, then one."""
    return DraftCampaign(
        title=_("Our next flavour"),
        story="\n\n".join(
            (
                _("You raise the flavours, you vote them down, we make the one that is left."),
                _("Seven ideas go on to the kitchen, three of them are cooked, and one is put on shelves."),
            )
        ),
        rounds=[_ideas(now, zone), _seven_to_three(now, zone), _final(now, zone)],
    )


def _ideas(now: datetime, zone: str) -> DraftRound:
    return DraftRound(
        name=_("Ideas"),
        question=_("Which flavour should we make next?"),
        why=_("You drink it. We only know what sold until now, not what you miss."),
        outcome=_("The seven ideas with most support go on to the vote, in your words and under your names."),
        opens_at=now,
        closes_at=now + timedelta(days=7),
        zone=zone,
        method="support.v1",
        options_from="ideas",
        advance=7,
    )


def _seven_to_three(now: datetime, zone: str) -> DraftRound:
    return DraftRound(
        name=_("Seven to three"),
        question=_("Which flavours go on to the kitchen? Tick up to three."),
        why=_("The kitchen can cook three at a time, and it should be the right three."),
        outcome=_("The three with most ticks are cooked, and we tell you how they came out before the final."),
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
        name=_("The final"),
        question=_("Which of the three shall we put on shelves?"),
        why=_("We can make one. The choice is yours, not ours."),
        outcome=_("The winner is put on shelves, and whoever raised it is named on it if she likes."),
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
        name=_("Idea box"),
        question=_("What should we do better?"),
        why=_("You use what we make every day. You see what we do not."),
        outcome=f"{_('The five ideas with most support are on our table.')} {_(_ANSWER)}",
        opens_at=now,
        closes_at=closes,
        zone=zone,
        method="support.v1",
        options_from="ideas",
        advance=5,
        ties="all-advance",
    )
    story = _("Tell us what we should do better, and support what others say. The five ideas with most support get an answer.")
    return DraftCampaign(title=_("What should we do better?"), story=story, rounds=[only])


def single_vote(now: datetime, zone: str) -> DraftCampaign:
    """One round: one question, a fixed list, one answer each."""
    only = DraftRound(
        name=_("The vote"),
        question=_("Which one shall it be?"),
        why=_("We like them all, and can make only one."),
        outcome=_("We make the one with most votes, and tell you here when it is there."),
        opens_at=now,
        closes_at=now + timedelta(days=7),
        zone=zone,
        options=["", ""],
    )
    return DraftCampaign(
        title=_("You choose"), story=_("A few proposals, one vote each. We make the one that wins."), rounds=[only]
    )


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
