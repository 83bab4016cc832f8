"""Recognition by hosts: rules and automation as contested decisions, and the standings that a member may leave."""

import msgspec

from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.turns import next_turn
from fanfare.recognition import decide
from fanfare.recognition.decide import RuleDraft, TierDraft
from fanfare.recognition.refusals import EarningRuleNotFound
from fanfare.record.kinds import text_hash
from fanfare.record.recognition import STREAM, RulePublished, StandingsJoined, StandingsLeft

LONGEST = 600
"""Characters of what a rule says to fans."""
NAME = 40
"""Characters of a tier's name."""
STANDINGS = "standings"
"""What the turns of leaving and joining them are about."""


def checked(draft: RuleDraft, desk: Desk) -> RuleDraft:
    """Return a draft as it would be kept. Raises: EarningRuleRefused, TextRefused."""
    decide.check(draft, [each for each, found in desk.streams.campaigns.items() if found.id])
    earns = draft.earns
    if isinstance(earns, TierDraft):
        earns = TierDraft(earns.levels, tuple(texts.checked(each, "name of a tier", NAME) for each in earns.names))
    title = texts.checked(draft.title, "title", texts.TITLE)
    words = texts.checked(draft.words, "words", LONGEST, lines=True)
    return msgspec.structs.replace(draft, title=title, words=words, earns=earns)


async def drafted(desk: Desk, draft: RuleDraft, by: str) -> RulePublished:
    """
    Return the event that a draft would be, its words kept nowhere, to be tried on the history.

    Raises:
        EarningRuleRefused, TextRefused.
    """
    await desk.catch_up()
    draft = checked(draft, desk)
    hashes = {each: text_hash(bytes(16), each) for each in draft.texts()}
    return decide.published(draft, hashes, decide.next_version(desk.streams.recognition, draft.rule), by)


async def publish_rule(desk: Desk, asked: Asked, draft: RuleDraft, *, read: int | None = None) -> Acknowledged:
    """
    Put a rule in force, or its next version. It holds from the place of its event on.

    Args:
        read: the version that whoever asks has seen, 0 for none; none asks for no check.

    Raises:
        EarningRuleRefused, EarningRuleChanged, TextRefused, Overtaken, KeyReused, Busy.
    """
    if done := await requests.earlier(desk.pool, asked):
        return done
    await desk.catch_up()
    if done := desk.taken(asked):
        return await requests.finished(desk.pool, asked, done)
    draft = checked(draft, desk)
    # What the brand says is the brand's own, and stays when its author leaves.
    async with desk.pool.connection() as connection:
        hashes = await texts.keep(connection, draft.texts(), None)
    rule = decide.published(draft, hashes, 1, asked.actor)
    done = await desk.decide(STREAM, asked, lambda streams: decide.publish(streams.recognition, rule, read))
    return await requests.finished(desk.pool, asked, done)


async def retire_rule(desk: Desk, asked: Asked, rule: str, reason: str) -> Acknowledged:
    """
    End a rule; what it awarded stays.

    Raises:
        EarningRuleNotFound, EarningRuleRetired, TextRefused, Overtaken, KeyReused, Busy.
    """
    reason = texts.checked(reason, "reason", texts.LINE)
    if done := await requests.earlier(desk.pool, asked):
        return done
    await desk.catch_up()
    if rule not in desk.streams.recognition.rules:
        raise EarningRuleNotFound
    because = await _kept(desk, reason)
    done = await desk.decide(STREAM, asked, lambda streams: decide.retire(streams.recognition, rule, because, asked.actor))
    return await requests.finished(desk.pool, asked, done)


async def set_automation(desk: Desk, asked: Asked, reason: str, *, allowed: bool) -> Acknowledged:
    """
    Say whether rules may award anything on this site.

    Raises:
        AutomationStandsSo, TextRefused, Overtaken, KeyReused, Busy.
    """
    reason = texts.checked(reason, "reason", texts.LINE)
    if done := await requests.earlier(desk.pool, asked):
        return done
    because = await _kept(desk, reason)
    done = await desk.decide(
        STREAM, asked, lambda streams: decide.set_automation(streams.recognition, because, asked.actor, allowed=allowed)
    )
    return await requests.finished(desk.pool, asked, done)


async def _kept(desk: Desk, reason: str) -> str:
    async with desk.pool.connection() as connection:
        return (await texts.keep(connection, [reason], None))[reason]


async def leave_standings(desk: Desk, asked: Asked) -> Acknowledged:
    """
    Leave every standing of fans: no list has her and no rank counts her from the place of this on.

    Raises:
        TurnsSpent, KeyReused, Busy.
    """
    return await _move(desk, asked, StandingsLeft)


async def join_standings(desk: Desk, asked: Asked) -> Acknowledged:
    """Be in the standings again. Raises: TurnsSpent, KeyReused, Busy."""
    return await _move(desk, asked, StandingsJoined)


async def _move(desk: Desk, asked: Asked, kind: type[StandingsLeft | StandingsJoined]) -> Acknowledged:
    if done := await requests.earlier(desk.pool, asked):
        return done
    async with desk.pool.connection() as connection:
        turn = await next_turn(connection, STANDINGS, asked.actor, asked.event_id(desk.vault_key))
    done = await desk.publish(asked, [kind(member=asked.actor, turn=turn)], asked.actor)
    return await requests.finished(desk.pool, asked, done)
