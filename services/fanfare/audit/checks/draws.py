"""What the record claims of its draws: who the entrants were, that the beacon named beforehand drew, and who that makes win."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.claims import Claim, Outcome, Progress, claim, silent
from fanfare.lots.beacon import fault
from fanfare.lots.lists import Lists
from fanfare.lots.root import entrants_root
from fanfare.lots.seats import Seat
from fanfare.record.draws import DrandRound, Draw
from fanfare.record.entry import Entry, UnknownEvent, unpack

_TOLD = (b'"after"', b'"fanfare.draw.', b'"fanfare.seat.', b'"fanfare.member.', b"\\")
"""What an entry holds that a draw may depend on; what hides behind an escape is read too."""
_PENDING = {"open": "its entrants are not fixed", "fixed": "it waits for its beacon", "void": "it was called off"}
_SAID = {
    "held": "holds a seat",
    "offered": "is offered a seat",
    "declined": "declined, or left",
    "lapsed": "did not answer in time",
}


def lists_of(archive: Archive, progress: Progress = silent) -> tuple[Lists, datetime | None]:
    """
    Fold partition 0 of an archive, and return with it the time of its last decision or draw event.

    Raises:
        Broken: the record of the archive is damaged.
        UnknownEvent: it holds an event that this version does not know.
    """
    lists, latest, of = Lists(), None, archive.manifest.moment[0] if archive.manifest.moment else 0
    for offset, body in archive.entries(0):
        entry = unpack(0, offset, body) if any(each in body for each in _TOLD) else Entry(0, offset, ())
        lists.apply(entry)
        for _, recorded in entry.positioned():
            latest = max(latest or recorded.time, recorded.time)
        if offset % 100 == 0:
            progress("looking at the draws", offset, of)
    return lists, latest


def draw_claims(archive: Archive, draws: Mapping[str, Draw]) -> list[Claim]:
    """Return a claim for each draw that is done, and for each that may not have its beacon. Without *draws* nothing is read."""
    if not draws:
        return []
    lists, _ = lists_of(archive)
    return [_whole(lists, each) for each in lists.streams.draws.values() if each.status == "done" or _unlawful(lists, each)]


def _whole(lists: Lists, draw: Draw) -> Claim:
    steps = [_announced(lists, draw), *_steps(lists, draw)]
    wrong = [difference for each in steps for difference in each.differences]
    return claim(f"draw {draw.announced.draw}", steps[-1].detail if draw.done else steps[0].detail, wrong)


def _steps(lists: Lists, draw: Draw) -> list[Claim]:
    return [_entrants(lists, draw), _value(lists, draw), _ranking(lists, draw)] if draw.status == "done" else []


def _unlawful(lists: Lists, draw: Draw) -> str:
    founded = lists.streams.site.founded
    if isinstance(draw.announced.beacon, DrandRound) or (founded and founded.simulation):
        return ""
    return "it names a simulated beacon, and this site is no simulation"


def _announced(lists: Lists, draw: Draw) -> Claim:
    announced, at = draw.announced, lists.steps[draw.announced.draw]["open"]
    beacon = announced.beacon
    named = f"round {beacon.round} of drand {beacon.chain[:8]}…" if isinstance(beacon, DrandRound) else "a simulated beacon"
    said = (
        f"{at.position}: {announced.purpose}, seats: {announced.seats}, reserves: {announced.reserves}, closing "
        f"{announced.closes_at:%Y-%m-%d %H:%M:%S} UTC; {named} at {beacon.at:%Y-%m-%d %H:%M:%S} UTC draws"
    )
    wrong = [_unlawful(lists, draw)] if _unlawful(lists, draw) else []
    if at.at >= announced.closes_at:
        wrong.append("it was announced when it had closed")
    return claim("announced", said, [f"{at.position}: {each}" for each in wrong])


def _entrants(lists: Lists, draw: Draw) -> Claim:
    fixed, at = draw.fixed, lists.steps[draw.announced.draw].get("fixed")
    if fixed is None or at is None:
        return claim("entrants", "", ["the entrants were never fixed"])
    entrants, wrong = lists.entrants(fixed.draw, fixed.read_to), []
    if fixed.read_to > at.position.offset:
        wrong.append(f"they were read from {fixed.read_to} entries, which were not there yet")
    if len(entrants) != fixed.count:
        wrong.append(f"the record says {fixed.count} entrants, counted again {len(entrants)}")
    if entrants_root(entrants) != fixed.root:
        wrong.append(f"the record says the root {fixed.root}, computed again {entrants_root(entrants)}")
    wrong += lists.uninvited(draw, entrants, fixed.read_to)
    said = f"{at.position}: {len(entrants)} entrants with the root {fixed.root}, before the value was known"
    return claim("entrants", said, [f"{at.position}: {each}" for each in wrong])


def _value(lists: Lists, draw: Draw) -> Claim:
    done, at = draw.done, lists.steps[draw.announced.draw].get("done")
    if done is None or at is None:
        return claim("beacon", "", ["the beacon’s value was never there"])
    wrong = fault(done.draw, draw.announced.beacon, done.randomness, done.signature)
    is_drand = isinstance(draw.announced.beacon, DrandRound)
    kind = "signed by the chain over this round" if is_drand else "SIMULATED: anybody could know it beforehand"
    return claim("beacon", f"{at.position}: the value {done.randomness}, {kind}", [f"{at.position}: {wrong}"] if wrong else [])


def _ranking(lists: Lists, draw: Draw) -> Claim:
    announced, ranking = draw.announced, lists.ranking(draw)
    winners = ranking[: announced.seats]
    return claim("ranking", f"{len(ranking)} entrants ranked by hash; drawn: {', '.join(winners) or 'nobody'}", [])


def verify_draw(path: Path, draw_id: str, progress: Progress = silent) -> Outcome:
    """Draw again, from the archive at *path* alone, what a draw drew, and return each step as a claim."""
    try:
        with path.open("rb") as stream:
            archive = Archive(stream, progress)
            whole = claim("archive", f"{len(archive.manifest.members)} members, {archive.size_bytes} bytes", archive.damage)
            if not whole.passed:
                return Outcome((whole,))
            lists, latest = lists_of(archive, progress)
    except (ArchiveUnreadable, UnknownEvent) as error:
        return Outcome(unchecked=f"{path.name}: {error}")
    except Broken as error:
        return Outcome((claim("record", "offsets without a gap", [str(error)]),))
    except OSError as error:
        return Outcome(unchecked=f"{path.name}: {error.strerror}")
    return _verified(lists, draw_id, whole, latest)


def _verified(lists: Lists, draw_id: str, whole: Claim, latest: datetime | None) -> Outcome:
    draw = lists.streams.draws.get(draw_id)
    if draw is None:
        known = ", ".join(lists.streams.draws) or "none"
        return Outcome(unchecked=f"the archive knows no draw {draw_id[:60]!r}; those that it knows: {known}")
    if draw.status != "done":
        status = _PENDING[draw.status]
        return Outcome(unchecked=f"the draw {draw_id} is not done as far as this archive goes: {status}")
    seats = [] if latest is None else lists.seats(draw, latest)
    claims = (whole, _announced(lists, draw), *_steps(lists, draw), *_seats(seats))
    return Outcome(claims, conclusion="whoever draws again draws the same")


def _seats(seats: Iterable[Seat]) -> list[Claim]:
    return [claim(f"place {each.place}", f"{each.member} {_SAID[each.state]}", []) for each in seats]
