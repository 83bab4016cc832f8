"""What fans earn while a site is attacked: the rules, the client's own count of it, and what the record says."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from fanfare.awards.awarding import Awarding, award_in
from fanfare.awards.earning import Due
from fanfare.record.campaigns import RoundSealed
from fanfare.record.entry import Entry
from fanfare.record.recognition import AwardGranted, AwardRevoked, RulePublished
from tests.faults.history import Ballot, Remarked

POINTS, MOST_ON_ONE, LEVELS, TIERS = 3, 2, (1, 3, 9), (3, 9, 18)
DEEDS = ["took-part", "comment-made"]
RULES: Sequence[dict[str, Any]] = (
    {
        "rule": "voice",
        "title": "Voice",
        "words": "For every vote and every comment, two below one idea at most.",
        "deeds": DEEDS,
        "earns": {"kind": "points", "points": POINTS, "per_target": MOST_ON_ONE},
    },
    {
        "rule": "regular",
        "title": "Regular",
        "words": "For coming again.",
        "deeds": DEEDS,
        "earns": {"kind": "badge", "emblem": "star", "levels": LEVELS},
    },
    {
        "rule": "place",
        "title": "Place",
        "words": "All points count.",
        "deeds": [],
        "earns": {"kind": "tier", "levels": TIERS, "names": ["Taster", "Blender", "Brewer"]},
    },
)
"""As a host posts them, before anything earns."""
Award = AwardGranted | AwardRevoked


class Credit(msgspec.Struct, frozen=True):
    """What somebody holds by the rules."""

    points: int = 0
    badge: int = 0
    """How many levels of it."""
    tier: int = 0


def own_credit(
    history: Iterable[Ballot], remarks: Iterable[Remarked], sealed: Iterable[str], members: Mapping[str, str]
) -> dict[str, Credit]:
    """
    Return the client's own count of what everybody earned, by what she was told.

    Args:
        sealed: the rounds that are sealed: a ballot earns by them, once a fan and round.
        members: by the fan.
    """
    closed = set(sealed)
    voted = {(each.asked.fan, each.asked.round) for each in history if each.asked.round in closed and each.outcome == "taken"}
    said = Counter((each.fan, each.idea) for each in {each.key: each for each in remarks if each.status == 201}.values())
    earning, counted = Counter(fan for fan, _ in voted), Counter(fan for fan, _ in voted)
    for (fan, _), times in said.items():
        earning[fan] += min(times, MOST_ON_ONE)
        counted[fan] += times
    return {
        members[fan]: Credit(POINTS * earning[fan], _reached(LEVELS, times), _reached(TIERS, POINTS * earning[fan]))
        for fan, times in counted.items()
    }


def _reached(levels: Sequence[int], figure: int) -> int:
    return sum(level <= figure for level in levels)


def recorded_credit(entries: Iterable[Entry]) -> dict[str, Credit]:
    """Return what everybody holds by the awards in the record: of each the highest turn stands, of equal ones the first."""
    latest: dict[str, Award] = {}
    for _, _, award in awards_in(entries):
        if award.award not in latest or award.turn > latest[award.award].turn:
            latest[award.award] = award
    standing = sorted((each for each in latest.values() if isinstance(each, AwardGranted)), key=lambda each: each.member)
    found = {}
    for member, held in groupby(standing, key=lambda each: each.member):
        all_held = list(held)
        kinds = Counter(each.kind for each in all_held)
        found[member] = Credit(sum(each.points for each in all_held), kinds["badge"], kinds["tier"])
    return found


def rules_in(entries: Iterable[Entry]) -> list[str]:
    """Return the rules that were published; without any nothing is earned."""
    placed = [recorded.event for entry in entries for _, recorded in entry.positioned()]
    return [event.rule for event in placed if isinstance(event, RulePublished)]


def awards_in(entries: Iterable[Entry]) -> list[tuple[str, str, Award]]:
    """Return every award by a rule, with its position and the id of its event."""
    placed = [each for entry in entries if entry.partition == 0 for each in entry.positioned()]
    found = [(str(position), recorded.id, award_in(recorded)) for position, recorded in placed]
    return [(position, event_id, award) for position, event_id, award in found if award is not None and award.by is None]


def clean_fold(entries: Iterable[Entry]) -> dict[tuple[str, int], Due]:
    """Return everything that is due by the record, by award and turn: a fold that knows no award but those it finds due."""
    lane = [each for each in entries if each.partition == 0]
    # What a vote chose earns nothing by these rules, so it need not be counted.
    sealed = {each.event.round: () for entry in lane for _, each in entry.positioned() if isinstance(each.event, RoundSealed)}
    awarding = Awarding(sealed)
    return {(due.award, due.turn): due for entry in lane for due in awarding.apply(entry)}


def wrong_awards(entries: Sequence[Entry]) -> list[str]:
    """
    Return what the awards in the record and a clean fold of it do not agree on.

    An award that was appended twice is one, as every event is, if both times it is the same event under the same id.
    """
    due = clean_fold(entries)
    left, complaints = dict(due), []
    for position, event_id, award in awards_in(entries):
        known = due.get((award.award, award.turn))
        if known is None:
            complaints.append(f"{position}: an award of {award.member} that nothing earned")
        elif (known.event_id, known.event()) != (event_id, award):
            complaints.append(f"{position}: an award of {award.member} that is another than what was earned")
        left.pop((award.award, award.turn), None)
    return complaints + [f"0:{each.offset}: an award of {each.member} that it earned is left out" for each in left.values()]
