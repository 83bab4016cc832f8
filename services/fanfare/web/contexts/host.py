"""Contexts of the host's desk: campaigns, a draft, a round."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.platform.language import gettext as _
from fanfare.web.contexts.answers import Asked
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
    rewards_due: int = 0
    """How many rewards wait to be handed over."""


class Choice(Part, frozen=True):
    """An entry of a select."""

    value: str
    label: str


class RoundFormPage(Page, frozen=True):
    """
    Rounds as a form.

    Fields: zone; and per round `rounds-<n>-` name, question, asked_by, why, next, opens_at, closes_at (local,
    `2026-11-14T18:00`), electorate, method, most, input (`list`, `round-1`: what goes on from round 1), options (one a line),
    keeps, tie.
    """

    form: Form
    rounds: int
    """Of the campaign."""
    zones: Sequence[str]
    methods: Sequence[Choice]
    inputs: Sequence[Choice]
    """Of a first round."""
    ties: Sequence[Choice]
    electorates: Sequence[Choice]
    idempotency_key: str

    def inputs_of(self, earlier: int) -> Sequence[Choice]:
        """Return where the options of a round may come from that has so many before it."""
        return [
            *self.inputs,
            *(
                Choice(f"round-{number}", _("what goes on from round %(number)s", number=number))
                for number in range(1, earlier + 1)
            ),
        ]


StepState = Literal["done", "now", "missing", "next"]


class DraftStep(Part, frozen=True):
    """A step on the way to a published campaign."""

    name: str
    """`story`, `round-1`, `check`."""
    label: str
    state: StepState
    is_whole: bool
    """Nothing is missing in it."""


class Difference(Part, frozen=True):
    """A field that another host saved while this one was typing."""

    label: str
    theirs: str


class RoundInWords(Part, frozen=True):
    """A round of a draft, as its check tells it."""

    number: int
    name: str
    question: str
    asked_by: str
    why: str
    promise: str
    times: str
    """`Open for 7 days: from …, to … (Europe/Berlin).`"""
    counting: str
    """How it counts, in a sentence or two."""
    has_paper: bool
    missing: Sequence[str] = ()


class DraftPage(RoundFormPage, frozen=True):
    """
    One step of a campaign in draft; the story has the fields title, summary, about and zone.

    Buttons post `act`: `save`, `next` (saves and goes on), `add-round`, `remove-round-<n>`, `publish`, `discard`.
    """

    template = "host/draft.html"

    campaign_id: str
    version: int
    """Of the draft that the form was filled from: posted back, so that nobody's words are overwritten unseen."""
    seen: str
    """What this step said when the form was filled: posted back, so that a host in another step is no hindrance."""
    step: str
    steps: Sequence[DraftStep]
    index: int = 0
    """Of the round that the step is about, from 0."""
    missing: Sequence[str] = ()
    """Sentences: what this step lacks; in the last one all that keeps the campaign from being published."""
    checked: Sequence[RoundInWords] = ()
    """In the last step: the rounds in words. In a round's own: that one."""
    changed_by: str = ""
    """Who saved the draft meanwhile."""
    differences: Sequence[Difference] = ()
    """What differs from what she saved."""
    title: str = ""


class PlanPage(RoundFormPage, frozen=True):
    """A round of a public campaign that has not opened: its plan, as the form of one round (`rounds-0-`), and zone."""

    template = "host/plan.html"

    first: int
    """The number of the round."""
    round_id: str
    campaign_title: str
    after: int
    """As on the round's desk."""


class PreviewNote(Part, frozen=True):
    """What stands above a preview: which of its pages it is, and the others."""

    campaign_id: str
    present: str
    """`campaign`, or the number of a round."""
    papers: Sequence[Choice]
    """Number and name of the rounds that have a ballot paper."""


class NewCampaignPage(Page, frozen=True):
    """Begin a campaign: from a template or from nothing. Its forms post `template`."""

    template = "host/new.html"

    idempotency_key: str
    is_first: bool = False
    """No campaign was made here yet."""


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
    waiting: Sequence[Asked] = ()
    """The ideas of the campaign that have waited longest for an answer, the oldest first."""
    unanswered: int = 0
    """How many wait in all; counted no further than 1,000."""
    cases: int = 0
    """What waits for a moderator on this site; counted no further than 1,000."""
    oldest_case: datetime | None = None


class OvertakenPage(Page, frozen=True):
    """Another host decided first."""

    template = "host/overtaken.html"

    round: RoundStub
    campaign_title: str
    tried: str
    """What she wanted: `You wanted to close the round.`"""
    decided: str
    """What was decided meanwhile: `Emeka Obi extended the round until Saturday, 20:00`."""
    decided_at: datetime
    position: str
    reason: str = ""
    """What she typed, kept."""
