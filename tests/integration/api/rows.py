"""What a row of the table of all routes says: who may call it, and with what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.api.ground import Things

MEMBERS = frozenset(("fan", "author", "host", "moderator", "auditor", "admin", "empowered", "lapsed"))
"""The last two are fans: one has every power in the campaign of all things here, the other had them, and has them in another."""
ALL = MEMBERS | {"stranger", "ended", "revoked"}
HOSTS, ADMINS, AUTHOR = frozenset(("host", "admin")), frozenset(("admin",)), frozenset(("author",))
HERE = frozenset(("empowered",))
"""Whoever has a power in this campaign: her row says that a power is enough, and that its scope and its end are asked."""
MODERATORS = HOSTS | {"moderator"}
PROTECTORS = AUTHOR | MODERATORS
"""Whoever may remove the author's comment."""

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """Who may call a route, and with what she calls it: an object for the API, fields of a form for a page."""

    who: frozenset[str] = ALL
    body: Callable[[Things], Body] = field(default=lambda _: {})
    passes: bool = False
    """It only leads on to where the answer is given, whatever the id."""
    streams: bool = False
    """Its answer has no end: only wrong ids are tried here, the rest is in test_live_pages.py."""
    at: str = ""
    """The round that the path means: planned or ideas; else the one with ballots."""


def fields(**given: Any) -> Callable[[Things], Body]:  # noqa: ANN401 - values of JSON
    """Return what sends these fields, whatever is there."""
    return lambda _: given


def later(days: int = 3) -> str:
    """Return a time so many days ahead."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()
