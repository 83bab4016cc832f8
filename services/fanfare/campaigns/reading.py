"""Campaigns and rounds in words, as the API and the pages show them."""

from datetime import datetime

from psycopg import AsyncConnection
from pydantic import BaseModel

from fanfare.platform import texts
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.terms import Advanced, FixedList
from fanfare.reports.quarantined import waiting
from fanfare.views.board import labels


class OptionRead(BaseModel):
    """An option of a round."""

    id: str
    label: str
    version: int
    """The idea's version that voters see; 0 where it is no idea."""


class RoundRead(BaseModel):
    """A round in words."""

    id: str
    campaign: str
    number: int
    name: str
    question: str
    asked_by: str
    why: str
    outcome: str
    status: str
    paused: bool
    opens_at: datetime
    closes_at: datetime
    planned_close: datetime
    """The close that the terms say; ``closes_at`` differs once it was extended."""
    zone: str
    method: str
    most: int
    electorate: str
    options_from: str
    from_round: str | None
    advance: int
    ties: str
    reason: str
    """The latest reason that a host gave: of a pause, an extension, a void."""
    terms: str | None
    """SHA-256 of the terms; none before the opening."""
    report: str | None
    """SHA-256 of the sealed report; none before the sealing."""
    options: list[OptionRead]
    waiting: int
    """How many events that may be of this closed round cannot be read and wait for a host's ruling; it is not sealed before."""


class CampaignRead(BaseModel):
    """A campaign in words."""

    id: str
    title: str
    story: str
    rounds: list[RoundRead]

    @property
    def current(self) -> RoundRead | None:
        """Return the round that is under way, or else the next one, or else the last."""
        for statuses in (("open", "closing", "closed"), ("planned",)):
            if found := next((each for each in self.rounds if each.status in statuses), None):
                return found
        return self.rounds[-1] if self.rounds else None


async def read_campaign(connection: AsyncConnection, campaign: Campaign) -> CampaignRead:
    """Return a campaign in words; an erased text is empty."""
    hashes = {campaign.title, campaign.story}
    for each in campaign.rounds:
        ask = each.ask or each.plan.ask
        hashes |= {each.plan.name, ask.question, ask.asked_by, ask.why, ask.outcome, each.reason}
        if isinstance(each.plan.options, FixedList):
            hashes |= {option.label for option in each.plan.options.options}
    words = dict(await texts.read(connection, hashes))
    rounds = [await _round(connection, campaign.id, number, each, words) for number, each in enumerate(campaign.rounds, 1)]
    return CampaignRead(id=campaign.id, title=words.get(campaign.title, ""), story=words.get(campaign.story, ""), rounds=rounds)


async def _round(connection: AsyncConnection, campaign: str, number: int, found: Round, words: dict[str, str]) -> RoundRead:
    plan, ask = found.plan, found.ask or found.plan.ask
    return RoundRead(
        id=found.id,
        campaign=campaign,
        number=number,
        name=words.get(plan.name, ""),
        question=words.get(ask.question, ""),
        asked_by=words.get(ask.asked_by, ""),
        why=words.get(ask.why, ""),
        outcome=words.get(ask.outcome, ""),
        status=found.status,
        paused=found.paused,
        opens_at=plan.opens_at,
        closes_at=found.closes_at or plan.closes_at,
        planned_close=plan.closes_at,
        zone=plan.zone,
        method=plan.method,
        most=plan.most,
        electorate=plan.electorate,
        options_from=plan.options.__struct_config__.tag if isinstance(plan.options.__struct_config__.tag, str) else "",
        from_round=plan.options.round if isinstance(plan.options, Advanced) else None,
        advance=plan.advance,
        ties=plan.ties,
        reason=words.get(found.reason, ""),
        terms=found.terms_hash or None,
        report=found.sealed.report if found.sealed else None,
        options=await _options(connection, found, words),
        waiting=len(await waiting(connection, found)) if found.status == "closed" else 0,
    )


async def _options(connection: AsyncConnection, found: Round, words: dict[str, str]) -> list[OptionRead]:
    if found.terms is None:
        fixed = found.plan.options.options if isinstance(found.plan.options, FixedList) else ()
        return [OptionRead(id=each.id, label=words.get(each.label, ""), version=0) for each in fixed]
    if not found.terms.options:
        return []
    known = await labels(connection, found)
    return [OptionRead(id=each.id, label=known.get(each.id, ""), version=each.version) for each in found.terms.options]
