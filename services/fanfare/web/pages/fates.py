"""What came of an idea: its way through the rounds, step by step, with the reason."""

from typing import Any

import msgspec
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead, RoundRead
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.record.campaigns import Campaign
from fanfare.views.board import Board, leading
from fanfare.web import words
from fanfare.web.contexts.ideas import Step
from fanfare.web.pages.rounds import SUPPORT, state_of

_PLACES = 100
"""Places of a round of ideas that are told; there may be a hundred thousand."""


class Way(msgspec.Struct, frozen=True):
    """The way of one idea."""

    steps: tuple[Step, ...]
    stage: str
    """In two or three words, for a list; empty while it gathers support."""
    came_of_it: str
    """In a sentence, for its author."""
    ballot_round: str = ""
    """The open round whose ballot it is on."""


class Fates:
    """Tells the ways of ideas of one campaign; each round's board is read once."""

    def __init__(self, connection: AsyncConnection, campaign: Campaign, read: CampaignRead) -> None:
        """Read through *connection*."""
        self._connection = connection
        self._campaign = campaign
        self._read = read
        self._boards: dict[str, tuple[Board, int]] = {}

    async def stage(self, idea: dict[str, Any]) -> str:
        """Return where an idea stands, as :meth:`way` does; of an open round no board is read, so that a list is quick."""
        stage = ""
        for each in self._of(idea):
            state = state_of(each)
            if state in ("open", "paused", "closing"):
                stage = "" if each.method == SUPPORT else _("On the ballot")
            else:
                __, stage = await self._step(each, idea)
        return _("Withdrawn") if idea["withdrawn"] else stage

    def _of(self, idea: dict[str, Any]) -> list[RoundRead]:
        """Return the rounds that an idea is or was in."""
        rounds = self._read.rounds
        return [each for each in rounds if each.id == idea["round"] or idea["idea"] in {option.id for option in each.options}]

    async def way(self, idea: dict[str, Any], raised: str) -> Way:
        """Return the way of an idea; *raised* says when that was, and by whom."""
        steps = [Step(_("Raised"), raised, "done")]
        if idea["version"] > 1:
            number, count = idea["version"], words.words(idea["version"]).capitalize()
            line = ngettext("%(count)s version so far.", "%(count)s versions so far.", number, count=count)
            steps.append(Step(_("Refined"), line, "done"))
        if idea["withdrawn"]:
            line = _("Its author took it back.")
            return Way((*steps, Step(_("Withdrawn"), line, "done")), _("Withdrawn"), line)
        stage, ballot_round = "", ""
        for each in self._of(idea):
            step, stage = await self._step(each, idea)
            steps.append(step)
            if state_of(each) == "open" and each.method != SUPPORT:
                ballot_round = each.id
        return Way(tuple(steps), stage, f"{steps[-1].title}. {steps[-1].line}", ballot_round)

    async def _step(self, each: RoundRead, idea: dict[str, Any]) -> tuple[Step, str]:
        is_support, state = each.method == SUPPORT, state_of(each)
        if state == "void":
            return Step(_("Round %(number)s was voided", number=each.number), each.reason, "done"), ""
        place = await self._place(each, idea)
        if state in ("open", "paused", "closing"):
            on_ballot = _("On the ballot of round %(number)s", number=each.number)
            title = _("Gathering support") if is_support else on_ballot
            line = f"{place} {_cut(each, is_over=False)}" if is_support else place
            return Step(title, line, "now"), "" if is_support else _("On the ballot")
        went_on = each.id in self._boards and idea["idea"] in self._boards[each.id][0].result.advanced
        if not went_on:
            lost = _("Not the winner of round %(number)s", number=each.number)
            title = lost if each.advance == 1 else _("Not among the %(count)s", count=words.words(each.advance))
            return Step(title, f"{place} {_cut(each, is_over=True)}", "done"), _("Ended")
        last, won = each.number == len(self._read.rounds), _("Won round %(number)s", number=each.number)
        title = won if each.advance == 1 else _("Went on from round %(number)s", number=each.number)
        stage = _("Won") if last and each.advance == 1 else _("Went on")
        return Step(title, f"{place} {each.outcome}" if last else place, "done"), stage

    async def _place(self, each: RoundRead, idea: dict[str, Any]) -> str:
        found = self._campaign.round(each.id)
        if each.id not in self._boards and found is not None:
            self._boards[each.id] = await leading(self._connection, found, _PLACES)
        if each.id not in self._boards:
            return ""
        now, in_all = self._boards[each.id]
        own = next((standing for standing in now.result.ranking if standing.option == idea["idea"]), None)
        if own:
            told = {"rank": own.rank, "of": words.number(in_all), "count": words.number(own.votes)}
            if each.method == SUPPORT:
                return ngettext(
                    "Place %(rank)s of %(of)s, with %(count)s supporter.",
                    "Place %(rank)s of %(of)s, with %(count)s supporters.",
                    own.votes,
                    **told,
                )
            return ngettext(
                "Place %(rank)s of %(of)s, with %(count)s vote.",
                "Place %(rank)s of %(of)s, with %(count)s votes.",
                own.votes,
                **told,
            )
        if each.method == SUPPORT and in_all > len(now.result.ranking) and not idea["hidden"]:
            told = {"first": words.number(len(now.result.ranking)), "count": words.number(idea["supporters"])}
            return ngettext(
                "Behind the first %(first)s, with %(count)s supporter.",
                "Behind the first %(first)s, with %(count)s supporters.",
                idea["supporters"],
                **told,
            )
        return ""


def _cut(each: RoundRead, *, is_over: bool) -> str:
    count = words.words(each.advance).capitalize()
    if is_over:
        return ngettext("%(count)s goes on.", "%(count)s go on.", each.advance, count=count)
    return ngettext(
        "%(count)s goes on when the round closes.", "%(count)s go on when the round closes.", each.advance, count=count
    )
