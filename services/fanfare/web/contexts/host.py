"""Contexts of the host's desk: campaigns, a draft, a round."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.campaigns import RoundStub
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.results import Column, Unread
from fanfare.web.contexts.shell import Form, Page, Part

ActName = Literal["rule", "open", "extend", "pause", "resume", "close", "void"]
"""What a host can do with a round."""


class DeskCampaign(Part, frozen=True):
    """A campaign on the desk."""

    id: str
    title: str
    state: Literal["draft", "open", "over"]
    line: str
    """`Round 2 of 3 is open; 12,204 ballots`, `Two rounds have no question yet`."""
    round_id: str = ""
    """The round to look after now."""


class DeskPage(Page, frozen=True):
    """The campaigns of this host."""

    template = "host/desk.html"

    campaigns: Sequence[DeskCampaign]


class Choice(Part, frozen=True):
    """An entry of a select."""

    value: str
    label: str


class DraftPage(Page, frozen=True):
    """
    A campaign in draft, as one form.

    Fields: title, summary, about, zone; and per round `rounds-<n>-` name, question, asked_by, why, next, opens_at, closes_at
    (local, `2026-11-14T18:00`), electorate, method, most, input (`ideas`, `list`, `round-1`: what goes on from round 1), options
    (one a line), keeps, tie. Buttons post `act`: `save`, `add-round`, `remove-round-<n>`, `publish`, `discard`.
    """

    template = "host/draft.html"

    form: Form
    rounds: int
    zones: Sequence[str]
    methods: Sequence[Choice]
    inputs: Sequence[Choice]
    """Of a first round."""
    ties: Sequence[Choice]
    idempotency_key: str
    campaign_id: str = ""
    """Empty until it is first saved."""
    begun_from: str = ""
    """The template's name: DEWmocracy, Idea box, Single vote; empty from nothing."""
    missing: Sequence[str] = ()
    """Sentences: what keeps it from being published."""
    electorates: Sequence[Choice] = ()
    version: int = 0
    """Of the draft that the form was filled from: posted back, so that nobody's words are overwritten unseen."""
    first: int = 1
    """The number of the first round in the form."""

    def inputs_of(self, index: int) -> Sequence[Choice]:
        """Return where the options of a round may come from: also from any round before it."""
        earlier = range(1, self.first + index)
        return [*self.inputs, *(Choice(f"round-{number}", f"what goes on from round {number}") for number in earlier)]


class PlanPage(DraftPage, frozen=True):
    """A round of a public campaign that has not opened: its plan, as the form of one round (`rounds-0-`), and zone."""

    template = "host/plan.html"

    round_id: str = ""
    campaign_title: str = ""
    after: int = 0
    """As on the round's desk."""


class NewCampaignPage(Page, frozen=True):
    """Begin a campaign: from a template or from nothing."""

    template = "host/new.html"


class PublicAct(Part, frozen=True):
    """What hosts wrote in public lately."""

    at: datetime
    text: str


class RoundDeskPage(Page, frozen=True):
    """A host's desk of one round: its clock, its ballots, and the acts that are allowed now."""

    template = "host/round.html"

    round: RoundStub
    rounds: int
    """Of the campaign."""
    campaign_title: str
    campaign_id: str
    clock: Sequence[Step]
    ballots: int
    voters: int
    eligible: int
    columns: Sequence[Column]
    columns_unit: str
    acts: Sequence[ActName]
    """Allowed now."""
    after: int
    """Number of contested decisions of this campaign that the page shows: posted back, so that an overtaken host is told."""
    idempotency_key: str
    public_acts: Sequence[PublicAct] = ()
    form: Form = Form()
    """Fields closes_at (extend), reason. An error opens its act again: `failed_act`."""
    failed_act: str = ""
    waits: str = ""
    """A sentence, where the round waits for a host: its time has passed, or the round before it is not sealed."""
    strip: Sequence[RoundStub] = ()
    """All rounds of the campaign, to go from desk to desk."""
    is_support: bool = False
    """Fans support ideas; there are no ballots."""
    unread: Sequence[Unread] = ()
    """What cannot be read, may be of the round and waits for a ruling; at most as many as one ruling can name."""


class OvertakenPage(Page, frozen=True):
    """Another host decided first."""

    template = "host/overtaken.html"

    round: RoundStub
    campaign_title: str
    tried: str
    """What she wanted: `close the round`."""
    decided: str
    """What was decided meanwhile: `Emeka Obi extended the round until Saturday, 20:00`."""
    decided_at: datetime
    position: str
    reason: str = ""
    """What she typed, kept."""
