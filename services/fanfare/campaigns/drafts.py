"""Drafts: a campaign in words, before it is public. They are no events; publishing turns them into some."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.texts import BODY, LINE, TITLE, checked
from fanfare.record.campaigns import CampaignPublished, RoundPlanned
from fanfare.record.kinds import digest
from fanfare.record.terms import (
    MOST_OPTIONS,
    Advanced,
    Ask,
    FixedList,
    IdeasRaised,
    Method,
    OptionSource,
    PlannedOption,
    RoundPlan,
    TieRule,
)

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""What a time of a round lies between: at the ends of the calendar a time zone or a day more would fall off it."""
Time = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST, description="With an offset; from the year 2000 to 2999.")]
Who = Annotated[
    str,
    Field(
        pattern=r"^(members|members-before-opening|circle:[a-z0-9]{4,40})$",
        description="`members`, `members-before-opening`, or `circle:` and the id of a circle: who belongs to it.",
    ),
]
_EXAMPLE: JsonDict = {
    "name": "Flavour",
    "question": "Which flavour goes on to the kitchen?",
    "asked_by": "Dora Lindqvist, head of flavour",
    "why": "The kitchen has room for one.",
    "outcome": "The winner is cooked and tasted in public on 20 November.",
    "opens_at": "2026-11-06T09:00:00+01:00",
    "closes_at": "2026-11-14T18:00:00+01:00",
    "zone": "Europe/Berlin",
    "options": ["Sour Cherry Cola", "Pine & Lime", "Rhubarb Gate"],
}


class DraftRound(BaseModel):
    """A round in words."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: str = Field(default="", max_length=2000, examples=["Flavour"])
    question: str = Field(default="", max_length=2000, examples=["Which three flavours go on to the kitchen?"])
    asked_by: str = Field(default="", max_length=2000, examples=["Dora Lindqvist, head of flavour"])
    why: str = Field(default="", max_length=20_000, examples=["The kitchen can cook three at a time."])
    outcome: str = Field(default="", max_length=20_000, examples=["The three are cooked and tasted in public on 20 November."])
    opens_at: Time = Field(examples=["2026-11-06T09:00:00+01:00"])
    closes_at: Time = Field(examples=["2026-11-14T18:00:00+01:00"])
    zone: str = Field(default="UTC", max_length=64, examples=["Europe/Berlin"])
    electorate: Who = "members"
    method: Method = "plurality.v1"
    most: Annotated[int, Field(ge=1, le=MOST_OPTIONS)] = 1
    options_from: Literal["ideas", "list", "round"] = "list"
    options: list[Annotated[str, Field(max_length=2000)]] = Field(default_factory=list, max_length=MOST_OPTIONS)
    """Labels, where they come from a list."""
    from_round: Annotated[int, Field(ge=1, le=100)] | None = None
    """The number of the earlier round (from 1), where they advance from one."""
    advance: Annotated[int, Field(ge=1, le=MOST_OPTIONS)] = 1
    ties: TieRule = "earliest"

    def words(self) -> list[tuple[str, str, int]]:
        """Return each text with the name of its field and the most characters it may have."""
        named = [(marked("name"), self.name, TITLE), (marked("question"), self.question, LINE)]
        named += [(marked("asked by"), self.asked_by, LINE), (marked("why"), self.why, BODY)]
        named += [(marked("what happens with the answers"), self.outcome, BODY)]
        return named + [(marked("option"), label, TITLE) for label in self.options if self.options_from == "list"]


class DraftCampaign(BaseModel):
    """A campaign in words."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(default="", max_length=2000, examples=["The Eighth Flavour"])
    story: str = Field(default="", max_length=20_000, examples=["Seven sodas in ninety years. The eighth is yours."])
    rounds: list[DraftRound] = Field(default_factory=list, max_length=40)

    def words(self) -> list[str]:
        """
        Return all texts as they will be kept.

        Raises:
            TextRefused: one is missing (who asks, why, what happens with the answers …), too long or has hidden characters.
        """
        found = [checked(self.title, marked("title"), TITLE), checked(self.story, marked("story"), BODY, lines=True)]
        for number, each in enumerate(self.rounds, 1):
            found += round_words(each, number)
        return found


def round_words(draft: DraftRound, number: int = 0) -> list[str]:
    """
    Return the texts of a round as they will be kept.

    Args:
        number: its place in a campaign, where refusals have to say which round it is.

    Raises:
        TextRefused: one is missing, too long or has hidden characters.
    """
    where = f" of round {number}" if number else ""
    found = []
    for field, text, most in draft.words():
        known = {"field": _(field), "number": number}
        said = _("field “%(field)s” of round %(number)s", **known) if number else _("field “%(field)s”", **known)
        found.append(checked(text, f"field “{field}”{where}", most, lines=most == BODY, said=said))
    return found


def plan(draft: DraftRound, hashes: dict[str, str], rounds: list[str]) -> RoundPlan:
    """
    Return the plan of a round whose texts were kept under *hashes*.

    Args:
        rounds: the ids of the rounds before it, in their order.
    """
    return RoundPlan(
        name=hashes[draft.name.strip()],
        ask=ask(draft, hashes),
        opens_at=draft.opens_at.astimezone(UTC).replace(microsecond=0),
        closes_at=draft.closes_at.astimezone(UTC).replace(microsecond=0),
        zone=draft.zone,
        electorate=draft.electorate,
        method=draft.method,
        most=draft.most,
        options=_source(draft, hashes, rounds),
        advance=draft.advance,
        ties=draft.ties,
    )


def ask(draft: DraftRound, hashes: dict[str, str]) -> Ask:
    """Return what the round says of itself: who asks, why, and what happens with the answers."""
    kept = [hashes[each.replace("\r\n", "\n").strip()] for each in (draft.question, draft.asked_by, draft.why, draft.outcome)]
    return Ask(question=kept[0], asked_by=kept[1], why=kept[2], outcome=kept[3])


def _source(draft: DraftRound, hashes: dict[str, str], rounds: list[str]) -> OptionSource:
    if draft.options_from == "ideas":
        return IdeasRaised()
    if draft.options_from == "list":
        labels = [label.strip() for label in draft.options]
        return FixedList(options=tuple(PlannedOption(id=f"o{n}", label=hashes[label]) for n, label in enumerate(labels, 1)))
    known = draft.from_round is not None and draft.from_round <= len(rounds)
    return Advanced(round=rounds[draft.from_round - 1] if known and draft.from_round else "none")


def publication(
    campaign: str, draft: DraftCampaign, hashes: dict[str, str], by: str
) -> tuple[CampaignPublished, list[RoundPlanned]]:
    """Return the events that make a draft public; round ids follow from the campaign's."""
    ids = [round_id(campaign, number) for number in range(1, len(draft.rounds) + 1)]
    story = draft.story.replace("\r\n", "\n").strip()
    published = CampaignPublished(campaign=campaign, by=by, title=hashes[draft.title.strip()], story=hashes[story])
    planned = [
        RoundPlanned(campaign=campaign, round=ids[n], plan=plan(each, hashes, ids[:n]), by=by)
        for n, each in enumerate(draft.rounds)
    ]
    return published, planned


def round_id(campaign: str, number: int) -> str:
    """Return the id of a campaign's round number *number* (from 1)."""
    return digest(f"{campaign} round {number}".encode())[:16]
