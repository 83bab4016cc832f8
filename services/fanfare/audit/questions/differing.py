"""Two reports of the same thing, compared: each figure that is another, by names and not by places. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from fanfare.record.position import Position

NAMED_BY = {"ranking": "option", "turnout": "minute", "decisions": "position", "unreadable": "position", "rounds": "round"}
"""The lists in reports whose parts have names, and the field that holds it: an option that moves is one change, not many."""
PLACE = "place"
"""Where a part of such a list stands in it, from 0; of those lists whose order does not follow from the names."""
_ORDER: dict[str, Any] = {"turnout": str, "decisions": Position.parse, "unreadable": Position.parse}


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A figure that is another. Where there was none before, or is none after, that side is left out."""

    path: str
    """``ranking/cherry/votes``: names, parted by strokes."""
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET


def named(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return a report, as decoded from its JSON, with names in the place of places."""
    if isinstance(value, dict):
        return {key: named(each, key) for key, each in value.items()}
    field = NAMED_BY.get(name)
    if field is None or not isinstance(value, list):
        return value
    found = {}
    for place, each in enumerate(value):
        part = {key: named(inner, key) for key, inner in each.items() if key != field}
        found[each[field]] = part if name in _ORDER else {**part, PLACE: place}
    return found


def listed(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return what ``named`` was made of."""
    if not isinstance(value, dict):
        return value
    field = NAMED_BY.get(name)
    if field is None:
        return {key: listed(each, key) for key, each in value.items()}
    order = _ORDER.get(name)
    parts = sorted(value.items(), key=lambda each: order(each[0]) if order else each[1][PLACE])
    return [{field: key, **{inner: listed(each, inner) for inner, each in part.items() if inner != PLACE}} for key, part in parts]


def difference(before: Any, after: Any, path: str = "") -> Iterator[Change]:  # noqa: ANN401 - JSON
    """Yield each change between two named reports, in the order of their paths."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            inner = f"{path}/{key}" if path else key
            yield from difference(before.get(key, msgspec.UNSET), after.get(key, msgspec.UNSET), inner)
    elif type(before) is not type(after) or before != after:
        yield Change(path, before, after)


def applied(before: Any, changes: list[Change]) -> Any:  # noqa: ANN401 - JSON
    """Return the later one of two named reports: the earlier with the *changes* made in it."""
    after = msgspec.json.decode(msgspec.json.encode(before))
    for change in changes:
        *outer, last = change.path.split("/")
        place = after
        for key in outer:
            place = place[key]
        if change.after is msgspec.UNSET:
            del place[last]
        else:
            place[last] = change.after
    return after
