"""Context of a member's page as others see it."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.web.contexts.ballots import MyComment, MyIdea
from fanfare.web.contexts.community import Praise
from fanfare.web.contexts.newcomers import Arrival
from fanfare.web.contexts.recognition import Recognised
from fanfare.web.contexts.rewards import ThingLine
from fanfare.web.contexts.rights import Place
from fanfare.web.contexts.shell import Page


class FanPage(Page, frozen=True):
    """What a member gave and what she earned, for everybody: her ideas and what came of them, her comments. Never a vote."""

    template = "fan.html"

    id: str
    name: str
    since: datetime
    ideas: Sequence[MyIdea] = ()
    comments: Sequence[MyComment] = ()
    is_mine: bool = False
    """She reads it herself."""
    shown: bool = True
    """Others may read it; else only she does."""
    address: str = ""
    """The page's whole address, to hand on."""
    held: Recognised = Recognised()
    kudos: Praise | None = None
    arrival: Arrival = Arrival()
    rewards: Sequence[ThingLine] = ()
    """Things that reached her, and what she was invited to."""
    places: Sequence[Place] = ()
    """What she may do here beyond being a fan."""
    in_short: str = ""
    """One sentence, for whoever gets a link to it."""
