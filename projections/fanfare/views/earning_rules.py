"""The rules by which something is earned, as fans read them, with their words, and whether rules may award anything."""

from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.recognition import DeedKind, Earns


class EarningRule(msgspec.Struct, frozen=True):
    """A version of a rule."""

    rule: str
    version: int
    title: str
    """Empty where the text was erased, as every text here."""
    words: str
    deeds: tuple[DeedKind, ...]
    earns: Earns
    tier_names: tuple[str, ...]
    """Of a tier: a name a level."""
    campaign: str | None
    by: str
    by_name: str
    at: datetime
    place: int
    event_id: str
    is_current: bool
    """It is the last version."""
    retired_at: datetime | None
    retired_by: str | None
    retired_by_name: str
    retired_because: str
    awards: int
    """How many awards by the rule stand, by whatever version."""

    @property
    def in_force(self) -> bool:
        """Tell whether it awards anything now, where rules may."""
        return self.is_current and self.retired_at is None

    @property
    def position(self) -> str:
        """Where the record holds it."""
        return f"0:{self.place >> 16}:{self.place & 0xFFFF}"


class Automation(msgspec.Struct, frozen=True):
    """Whether rules may award anything on this site."""

    allowed: bool = True
    by: str | None = None
    """None where nobody ever decided it."""
    by_name: str = ""
    at: datetime | None = None
    reason: str = ""


_WORDED: LiteralString = """
    select rules.rule, rules.version, coalesce(called.text, ''), coalesce(meant.text, ''), deeds, earns,
           array(select coalesce(tier.text, '')
                   from jsonb_array_elements_text(coalesce(earns -> 'names', '[]')) with ordinality as named (hash, nth)
                   left join record.texts as tier on tier.hash = named.hash order by nth),
           campaign, rules.by_member, coalesce(author.name, ''), rules.at, rules.place, event_id,
           not exists (select from recognition.rules as later where later.rule = rules.rule and later.version > rules.version),
           retired.at, retired.by_member, coalesce(ended.name, ''), coalesce(why.text, ''),
           (select count(*) from recognition.awards where awards.rule = rules.rule and stands)
      from recognition.rules left join recognition.retired using (rule, version)
      left join record.texts as called on called.hash = title left join record.texts as meant on meant.hash = words
      left join record.texts as why on why.hash = retired.reason
      left join vault.members as author on author.id = rules.by_member
      left join vault.members as ended on ended.id = retired.by_member
"""
_LAST: LiteralString = (
    _WORDED
    + """ where rules.version = (select max(version) from recognition.rules as every where every.rule = rules.rule)
          order by retired.at is not null, rules.rule"""
)
_VERSIONS: LiteralString = _WORDED + " where rules.rule = %s order by rules.version desc"


def _rule(row: tuple[Any, ...]) -> EarningRule:
    rule, version, title, words, deeds, earns, names, *rest = row
    return EarningRule(rule, version, title, words, tuple(deeds), msgspec.convert(earns, Earns), tuple(names), *rest)


async def rules(connection: AsyncConnection) -> list[EarningRule]:
    """Return every rule in its last version: those in force first, then by id."""
    return [_rule(row) for row in await (await connection.execute(_LAST)).fetchall()]


async def versions(connection: AsyncConnection, rule: str) -> list[EarningRule]:
    """Return every version of a rule, the last one first; none where there is no such rule."""
    return [_rule(row) for row in await (await connection.execute(_VERSIONS, (rule,))).fetchall()]


async def automation(connection: AsyncConnection) -> Automation:
    """Return whether rules may award anything, and who decided so."""
    query = """select allowed, by_member, coalesce(name, ''), automation.at, coalesce(text, '')
                 from recognition.automation left join record.texts on hash = reason
                 left join vault.members on members.id = by_member order by place desc limit 1"""
    row = await (await connection.execute(query)).fetchone()
    return Automation(*row) if row else Automation()
