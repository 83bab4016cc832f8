"""What came of rounds, and what comes next: who won, what the brand said it would do, and the way of a campaign."""

from datetime import datetime

import msgspec
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead, RoundRead
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.record.campaigns import Campaign, Round
from fanfare.reports.report import RoundReport
from fanfare.views import answers
from fanfare.views.board import labels
from fanfare.web import urls, words
from fanfare.web.contexts.campaigns import Answered, Asker, Outcome, Stage, StageState
from fanfare.web.layout import plain
from fanfare.web.pages import rounds

_ANSWERS = 3


async def sealed_report(connection: AsyncConnection, found: Round) -> RoundReport | None:
    """Return the report that a round was sealed with; none where it is not kept."""
    query = "select body from desk.reports where digest = %s"
    row = await (await connection.execute(query, (found.sealed.report if found.sealed else "",))).fetchone()
    return msgspec.json.decode(row[0], type=RoundReport) if row else None


async def headline(connection: AsyncConnection, found: Round, of: RoundRead) -> str:
    """Return the news of a sealed round: who goes on."""
    report = await sealed_report(connection, found)
    return await _news(connection, found, of, report)


async def _news(connection: AsyncConnection, found: Round, of: RoundRead, report: RoundReport | None) -> str:
    if report is None:
        return _("%(round)s is sealed", round=of.name)
    titles = await labels(connection, found)
    on = [titles.get(each.option) or words.unnamed(each.option) for each in report.ranking if each.advanced]
    return words.goes_on(on, of.advance)


async def outcome(connection: AsyncConnection, found: Round, of: RoundRead, read: CampaignRead, at: datetime) -> Outcome:
    """Return what came of a sealed round: the news, what the brand had promised, and what it has answered since."""
    report = await sealed_report(connection, found)
    advanced = [each.option for each in report.ranking if each.advanced] if report else []
    titles = await labels(connection, found)
    given = await answers.of(connection, advanced)
    return Outcome(
        round_id=of.id,
        campaign_id=read.id,
        campaign=read.title,
        round_name=of.name,
        headline=await _news(connection, found, of, report),
        promise=of.outcome,
        by=of.asked_by,
        fingerprint=found.sealed.report if found.sealed else "",
        sealed_at=at,
        answers=[
            Answered(titles.get(option) or words.unnamed(option), urls.idea(option), answer.status, plain(answer.reason),
                     answer.by_name or _(words.GONE), answer.at)
            for option in advanced[:_ANSWERS] if (answer := given.get(option))
        ],
    )  # fmt: skip


async def way(connection: AsyncConnection, campaign: Campaign, read: CampaignRead, zone: str, now: datetime) -> tuple[Stage, ...]:
    """Return the rounds of a campaign as a path: what came of those behind us, where we are, and what is ahead."""
    found = []
    for each in read.rounds:
        state = rounds.state_of(each)
        of = campaign.round(each.id)
        said = await headline(connection, of, each) if state == "sealed" and of else ""
        found.append(stage(rounds.stub(read, each).takes, each, state, said, zone, now))
    return tuple(found)


def stage(takes: int | None, each: RoundRead, state: str, said: str, zone: str, now: datetime) -> Stage:
    """Return a round on the way; *takes* go in, and *said* is the news of it once it is sealed."""
    going, opens, closes = (
        _going(takes, each.advance),
        words.when(each.opens_at, zone, now),
        words.when(each.closes_at, zone, now),
    )
    lines: dict[str, tuple[StageState, str]] = {
        "upcoming": ("next", _("Opens %(when)s. %(going)s", when=opens, going=going)),
        "open": ("now", _("Open until %(when)s. %(going)s", when=closes, going=going)),
        "paused": ("now", _("Paused: %(reason)s", reason=each.reason)),
        "closing": ("now", _("Closed; the last ballots are being counted.")),
        "closed": ("now", _("Counted, and not sealed yet.")),
        "sealed": ("done", f"{said}."),
        "void": ("failed", _("Given up: %(reason)s", reason=each.reason)),
    }
    at, line = lines[state]
    href = "" if state == "upcoming" else urls.round_(each.id, "report")
    return Stage(each.name, line, at, each.question, href)


def _going(takes: int | None, advance: int) -> str:
    on = words.words(advance)
    if takes is None:
        return ngettext("All ideas go in, %(on)s goes on.", "All ideas go in, %(on)s go on.", advance, on=on)
    into = words.words(takes).capitalize()
    return ngettext("%(into)s go in, %(on)s goes on.", "%(into)s go in, %(on)s go on.", advance, into=into, on=on)


def askers(read: CampaignRead) -> tuple[Asker, ...]:
    """Return who asks in a campaign and why, each person once, with the first reason that she gave."""
    found: dict[str, Asker] = {}
    for each in read.rounds:
        if each.why:
            found.setdefault(each.asked_by, Asker(each.asked_by, each.why, each.question))
    return tuple(found.values())
