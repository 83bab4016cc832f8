"""What somebody who can write to the database does to a record: to ballots, terms, awards, seals, and to whole entries."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice, takewhile
from random import Random

from msgspec.structs import replace

from fanfare.platform.logs.port import StoredEntry
from fanfare.record.ballots import BallotCast, BallotsClosed, Chosen
from fanfare.record.campaigns import RoundOpened, RoundPlanned, RoundSealed
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import Recorded, derived_id, encode
from fanfare.record.ideas import IdeaRaised, IdeaSupported
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined
from fanfare.record.notary import NotaryKeyAdded
from fanfare.record.position import Position
from fanfare.record.recognition import AwardGranted
from fanfare.record.terms import Option, RoundTerms, hash_terms, slot
from tests.builders import text, token
from tests.tampering.kinds import Forge, Forgery, at, tree
from tests.tampering.published import Published, renumbered, with_entries

Edit = Callable[[Recorded], Sequence[Recorded]]
"""Returns what stands in the place of an event."""


def events(site: Published, *kinds: type[Event]) -> list[tuple[Position, Recorded]]:
    """Return the events of these kinds with their places."""
    return [
        (Position(partition, offset, index), recorded)
        for partition, lane in enumerate(site.lanes)
        for offset, body in enumerate(lane)
        for index, recorded in _events(partition, offset, body)
        if isinstance(recorded.event, kinds)
    ]


def _events(partition: int, offset: int, body: bytes) -> Iterator[tuple[int, Recorded]]:
    return ((index, each) for index, each in enumerate(unpack(partition, offset, body).events) if isinstance(each, Recorded))


def edited(site: Published, place: Position, edit: Edit) -> Published:
    """Put something else in the place of one event."""
    body = site.lanes[place.partition][place.offset]
    made: list[bytes] = []
    for index, each in _events(place.partition, place.offset, body):
        made += [encode(new) for new in edit(each)] if index == place.index else [encode(each)]
    return with_entries(site, {(place.partition, place.offset): pack(made)})


def changed(recorded: Recorded, **fields: object) -> Recorded:
    """Return an event with other values, in its envelope."""
    return replace(recorded, event=replace(recorded.event, **fields))


def beside(recorded: Recorded, event: Event, number: int = 0) -> Recorded:
    """Return another event in an envelope like that of *recorded*."""
    return replace(recorded, id=derived_id("forged", recorded.id, str(number)), event=event)


def forgery(site: Published, place: Position, what: str, *where: str) -> Forgery:
    """Return what was done at a place: that has to be named, or its partition, or one of *where*."""
    named = (at(place.partition, place.offset), tree(place.partition), *where)
    return Forgery(site, f"{what} at {place}", named, place.partition, place.offset)


# Ballots


def _ballots(site: Published) -> list[tuple[Position, Recorded, RoundTerms]]:
    terms = {hash_terms(each.terms): each.terms for each in site.course.openings}
    found = [(place, each) for place, each in events(site, BallotCast)]
    return [(place, each, terms[each.event.terms]) for place, each in found]  # type: ignore[attr-defined]


def ballot_altered(random: Random, site: Published) -> Forgery | None:
    """Let a voter have chosen something else."""
    place, ballot, terms = random.choice(_ballots(site))
    others = [(each.id,) for each in terms.options if (each.id,) != ballot.event.choice.options]  # type: ignore[attr-defined]
    if not others:
        return None
    choice = Chosen(options=random.choice(others))
    return forgery(edited(site, place, lambda each: [changed(each, choice=choice)]), place, "another choice", terms.round)


def ballot_voided(random: Random, site: Published) -> Forgery | None:
    """Make a ballot void, or take it out of its entry, without an event that says so."""
    place, _, terms = random.choice(_ballots(site))
    alone = len(unpack(place.partition, place.offset, site.lanes[place.partition][place.offset]).events) == 1
    how: Edit = random.choice(
        [
            lambda each: [changed(each, terms=text("other terms"))],
            lambda each: [changed(each, choice=Chosen(options=("zebra",)))],
            *([] if alone else [lambda _: []]),
        ]
    )
    return forgery(edited(site, place, how), place, "a ballot is void", terms.round)


def ballot_slipped_in(random: Random, site: Published) -> Forgery | None:
    """Let somebody vote who never did."""
    place, _, terms = random.choice(_ballots(site))
    return forgery(
        edited(site, place, lambda each: [each, *_ghosts(each, terms, place.partition, 1)]),
        place,
        "a ballot of nobody",
        terms.round,
    )


def ballots_of_nobody(random: Random, site: Published) -> Forgery | None:
    """Let more people vote in time than there are members."""
    place, _, terms = random.choice([each for each in _ballots(site) if not _is_late(site, each[0], each[2])])
    many = len(events(site, MemberJoined)) + 1
    return forgery(
        edited(site, place, lambda each: [each, *_ghosts(each, terms, place.partition, many)]),
        place,
        "more voters than members",
        terms.round,
    )


def electorate_padded(random: Random, site: Published) -> Forgery | None:
    """Let members have joined that nobody knows, and vote."""
    joined, first = events(site, MemberJoined)[0]
    ghosts = range(random.randint(1, 3))
    site = edited(site, joined, lambda each: [each, *(beside(first, MemberJoined(member=f"ghost{n}"), 100 + n) for n in ghosts)])
    place, _, terms = random.choice(_ballots(site))
    site = edited(site, place, lambda each: [each, *_ghosts(each, terms, place.partition, len(ghosts))])
    found = forgery(site, joined, "members that never joined", terms.round, at(place.partition, place.offset))
    return Forgery(site, found.what, (*found.where, tree(place.partition)), joined.partition, joined.offset)


def _ghosts(like: Recorded, terms: RoundTerms, partition: int, many: int) -> list[Recorded]:
    """Return a ballot like this one of each of so many voters who never were, all of whom belong into this partition."""
    assert isinstance(like.event, BallotCast)
    tokens = (token(f"ghost {terms.round} {number}") for number in count())
    hers = islice((each for each in tokens if slot(each, terms.partitions) == partition), many)
    return [beside(like, replace(like.event, voter=each, number=1), number) for number, each in enumerate(hers)]


def late_ballot_counted(random: Random, site: Published) -> Forgery | None:
    """Let a ballot from behind the marker stand before it."""
    late = [(place, each, terms) for place, each, terms in _ballots(site) if _is_late(site, place, terms)]
    if not late:
        return None
    place, ballot, terms = random.choice(late)
    marker = _marker(site, place, terms) or place
    return forgery(edited(site, marker, lambda each: [ballot, each]), marker, "a late ballot before the marker", terms.round)


def _marker(site: Published, place: Position, terms: RoundTerms) -> Position | None:
    """Return where the ballots of a round end in the partition of this place; nowhere while it is open."""
    found = [
        at
        for at, each in events(site, BallotsClosed)
        if isinstance(each.event, BallotsClosed) and (each.event.terms, at.partition) == (hash_terms(terms), place.partition)
    ]
    return min(found, default=None)


def _is_late(site: Published, place: Position, terms: RoundTerms) -> bool:
    marker = _marker(site, place, terms)
    return marker is not None and place > marker


def event_redated(random: Random, site: Published) -> Forgery | None:
    """Give a ballot another id or another way by which it came, of which no figure depends."""
    place, _, terms = random.choice(_ballots(site))
    how: Edit = random.choice(
        [
            lambda each: [replace(each, id=derived_id("forged", each.id))],
            lambda each: [changed(each, channel="api")],
        ]
    )
    return forgery(edited(site, place, how), place, "another id or channel", terms.round)


def support_altered(random: Random, site: Published) -> Forgery | None:
    """Let a fan have supported another idea."""
    place, given = random.choice(events(site, IdeaSupported) or [(Position(0, 0), None)])
    ideas = [each.event for _, each in events(site, IdeaRaised) if isinstance(each.event, IdeaRaised)]
    others = [each for each in ideas if given and each.idea != given.event.idea]  # type: ignore[attr-defined]
    if not given or not others:
        return None
    other = random.choice(others)
    return forgery(edited(site, place, lambda each: [changed(each, idea=other.idea)]), place, "support moved", other.round)


# Decisions


def terms_changed(random: Random, site: Published) -> Forgery | None:
    """Change the terms of a round after it was opened, where they are written."""
    place, opened = random.choice(events(site, RoundOpened))
    assert isinstance(opened.event, RoundOpened)
    terms = opened.event.terms
    plan = random.choice(
        [
            replace(terms.plan, advance=terms.plan.advance + 1),
            replace(terms.plan, ties="all-advance" if terms.plan.ties == "earliest" else "earliest"),
            replace(terms.plan, most=terms.plan.most + 1) if terms.plan.method == "approval.v1" else None,
        ]
    )
    if plan is None:
        return None
    forged = replace(terms, plan=plan)
    return forgery(edited(site, place, lambda each: [changed(each, terms=forged)]), place, "other terms", terms.round)


def option_slipped_in(random: Random, site: Published) -> Forgery | None:
    """Offer in a round what did not advance, or was never listed."""
    openings = [each for each in events(site, RoundOpened) if each[1].event.terms.options]  # type: ignore[attr-defined]
    if not openings:
        return None
    place, opened = random.choice(openings)
    assert isinstance(opened.event, RoundOpened)
    terms = opened.event.terms
    forged = replace(terms, options=(*terms.options, Option(id="ours", label=text("Ours"), version=1)))
    return forgery(edited(site, place, lambda each: [changed(each, terms=forged)]), place, "an option of ours", terms.round)


def seal_altered(random: Random, site: Published) -> Forgery | None:
    """Let a round be sealed with the digest of another report."""
    place, sealed = random.choice(events(site, RoundSealed) or [(Position(0, 0), None)])
    if sealed is None:
        return None
    round_id = sealed.event.round  # type: ignore[attr-defined]
    digest = text(str(random.random()))
    found = forgery(edited(site, place, lambda each: [changed(each, report=digest)]), place, "another seal", round_id)
    return dataclasses.replace(found, resealed=False)


def decided_by_a_fan(random: Random, site: Published) -> Forgery | None:
    """Let a fan have decided what only hosts may."""
    place, _ = random.choice(events(site, RoundPlanned))
    return forgery(edited(site, place, lambda each: [changed(each, by="fan1")]), place, "decided by a fan", "rights")


def key_slipped_in(random: Random, site: Published) -> Forgery | None:
    """Put a key of one's own in the place of one that the record names."""
    place, added = random.choice(events(site, NotaryKeyAdded))
    assert isinstance(added.event, NotaryKeyAdded)
    name, number, words = added.event.key.split("+", 2)
    own = f"{name}+{number}+{words[:-3]}{'AAA' if words[-3:] != 'AAA' else 'BBB'}"
    return forgery(edited(site, place, lambda each: [changed(each, key=own)]), place, "a key of one's own", "^keys", "^manifest")


# Awards


def award_slipped_in(random: Random, site: Published) -> Forgery | None:
    """Award somebody what no rule gave her."""
    place, joined = events(site, MemberJoined)[0]
    award = AwardGranted(
        award=text(str(random.random()))[:32],
        turn=1,
        member="fan1",
        kind="points",
        points=7,
        rule="first",
        version=1,
        cause=joined.id,
        offset=place.offset,
    )
    return forgery(edited(site, place, lambda each: [each, beside(each, award)]), place, "an award of nothing", "^awards")


def award_altered(random: Random, site: Published) -> Forgery | None:
    """Give an award to somebody else, or more of it."""
    place, award = random.choice(events(site, AwardGranted) or [(Position(0, 0), None)])
    if award is None:
        return None
    members = [each.event.member for _, each in events(site, MemberJoined)]  # type: ignore[attr-defined]
    other = random.choice([each for each in members if each != award.event.member])  # type: ignore[attr-defined]
    return forgery(edited(site, place, lambda each: [changed(each, member=other)]), place, "an award of somebody else", "^awards")


# Whole entries


def entries_swapped(random: Random, site: Published) -> Forgery | None:
    """Exchange two entries of a partition; not the founding, without which nobody could make the reports anew."""
    partition, lane = _lane(random, site)
    one, other = sorted(random.sample(range(len(lane)), 2))
    if lane[one] == lane[other] or (partition, one) == (0, 0):
        return None
    forged = with_entries(site, {(partition, one): lane[other], (partition, other): lane[one]})
    return forgery(forged, Position(partition, one), f"exchanged with {other}", at(partition, other))


def entry_moved(random: Random, site: Published) -> Forgery | None:
    """Take an entry out of its partition, and put it into another one."""
    partition, lane = _lane(random, site)
    offset = random.randrange(1, len(lane))
    to = random.choice([each for each in range(site.partitions) if each != partition])
    written = [
        StoredEntry(to if (each.partition, each.offset) == (partition, offset) else each.partition, 0, each.body)
        for each in site.written
    ]
    return _shifted(site, written, partition, f"moved to partition {to}", tree(to))


def entry_inserted(random: Random, site: Published) -> Forgery | None:
    """Put an entry between two, and number the others anew."""
    partition, lane = _lane(random, site)
    offset = random.randrange(1, len(lane))
    number = next(n for n, each in enumerate(site.written) if (each.partition, each.offset) == (partition, offset))
    again = StoredEntry(partition, 0, random.choice(lane[:offset]))
    written = [*site.written[:number], again, *site.written[number:]]
    return _shifted(site, written, partition, "an entry more")


def entry_removed(random: Random, site: Published) -> Forgery | None:
    """Take an entry out, and number the others anew."""
    partition, lane = _lane(random, site)
    offset = random.randrange(1, len(lane))
    written = [each for each in site.written if (each.partition, each.offset) != (partition, offset)]
    return _shifted(site, written, partition, "an entry less")


def tail_cut(random: Random, site: Published) -> Forgery | None:
    """Cut the end of a partition off."""
    partition, lane = _lane(random, site)
    left = random.randrange(max(1, len(lane) - 6), len(lane))
    written = [each for each in site.written if each.partition != partition or each.offset < left]
    return _shifted(site, written, partition, "the tail is gone")


def _shifted(site: Published, written: Sequence[StoredEntry], partition: int, what: str, *where: str) -> Forgery | None:
    """
    Say where a partition is first other than it was: of two equal entries, one behind the other, either may have gone.

    Returns: nothing where it only grew.
    """
    forged, old = renumbered(site, written), site.lanes[partition]
    new = forged.lanes[partition]
    same = sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(old, new, strict=False)))
    return forgery(forged, Position(partition, same), what, *where) if same < len(old) else None


def _lane(random: Random, site: Published) -> tuple[int, list[bytes]]:
    partition = random.choice([number for number, lane in enumerate(site.lanes) if len(lane) > 1])
    return partition, site.lanes[partition]


FORGERIES: tuple[Forge, ...] = (
    ballot_altered,
    ballot_voided,
    ballot_slipped_in,
    ballots_of_nobody,
    electorate_padded,
    late_ballot_counted,
    event_redated,
    support_altered,
    terms_changed,
    option_slipped_in,
    seal_altered,
    decided_by_a_fan,
    key_slipped_in,
    award_slipped_in,
    award_altered,
    entries_swapped,
    entry_moved,
    entry_inserted,
    entry_removed,
    tail_cut,
)

TOLD_ANYWAY: tuple[Forge, ...] = (
    ballots_of_nobody,
    option_slipped_in,
    seal_altered,
    decided_by_a_fan,
    key_slipped_in,
    award_slipped_in,
    award_altered,
)
"""What contradicts the record itself: no key of the site's makes it fit."""
