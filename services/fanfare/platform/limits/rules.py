"""All limits of a site in one table: what is counted, how many in how long, and of whom."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

HOUR_S, DAY_S = 3_600, 86_400
READS = frozenset(("GET", "HEAD", "OPTIONS"))
_LONGEST_PATH = 200
"""A longer path has no rule of its own: it would only fill the memory of those that are known."""


class Rule(msgspec.Struct, frozen=True):
    """At most so many in so long, of one member, one network, one mailbox or all of the site."""

    name: str
    counts: str
    """What is counted, in words for operators and for the one who is told to wait."""
    most: int
    per_s: int
    of: Literal["member", "address", "mailbox", "site"]
    """An address stands for one network: an IPv4 address, or 64 bits of an IPv6 one."""
    hard: bool = False
    """Kept in the database: it holds over all processes and restarts, for a day or an hour by the clock (UTC)."""


# Whoever shares an address with a thousand others must not be locked out, so of an address only floods are refused.
REQUESTS = Rule("requests", "requests", 9_000, 30, "address")
DOWNLOADS = Rule("downloads", "reports, terms and histories", 600, 600, "address")
WRITES = Rule("writes", "changes", 600, 600, "member")
BALLOTS = Rule("ballots", "ballots", 200, 600, "member")
SUPPORT = Rule("support", "presses of the support button", 300, 600, "member")
IDEAS = Rule("ideas", "ideas", 10, 600, "member")
FLAGS = Rule("flags", "flags", 20, 600, "member")
COMMENTS = Rule("comments", "comments", 30, 600, "member")
# What costs others something is counted in the database.
IDEAS_A_DAY = Rule("ideas-a-day", "ideas of one day", 40, DAY_S, "member", hard=True)
FLAGS_A_DAY = Rule("flags-a-day", "flags of one day", 100, DAY_S, "member", hard=True)
COMMENTS_A_DAY = Rule("comments-a-day", "comments of one day", 300, DAY_S, "member", hard=True)
PICTURES = Rule("pictures", "pictures", 30, 600, "member")
PICTURES_A_DAY = Rule("pictures-a-day", "pictures of one day", 200, DAY_S, "member", hard=True)
TOKENS_A_DAY = Rule("tokens-a-day", "new API tokens", 20, DAY_S, "member", hard=True)
LINKS_TO_A_MAILBOX = Rule("links-to-a-mailbox", "sign-in links", 20, DAY_S, "mailbox", hard=True)
LINKS_UNUSED = Rule("links-unused", "sign-in links that nobody used", 1_000, DAY_S, "address", hard=True)
# Above these a link wants a small computation, or a minute of patience; so nobody has to be turned away on a busy day.
EASY_LINKS_TO_A_MAILBOX = Rule("easy-links-to-a-mailbox", "sign-in links without a computation", 5, HOUR_S, "mailbox", hard=True)
EASY_LINKS_OF_A_NETWORK = Rule("easy-links-of-a-network", "sign-in links without a computation", 30, HOUR_S, "address", hard=True)
EASY_LINKS = Rule("easy-links", "sign-in links without a computation", 1_000, HOUR_S, "site", hard=True)
LINKS_WAITED_FOR = Rule("links-waited-for", "sign-in links after a minute of waiting", 60, HOUR_S, "address", hard=True)
ADDRESSES_A_DAY = Rule("addresses-a-day", "changes of address", 10, DAY_S, "member", hard=True)
PASSKEYS_A_DAY = Rule("passkeys-a-day", "new passkeys", 40, DAY_S, "member", hard=True)
JOINS = Rule("joins", "new members", 2_000, DAY_S, "address", hard=True)

RULES: Sequence[Rule] = (
    *(REQUESTS, DOWNLOADS, WRITES, BALLOTS, SUPPORT, IDEAS, IDEAS_A_DAY, COMMENTS, COMMENTS_A_DAY, TOKENS_A_DAY),
    *(FLAGS, FLAGS_A_DAY, PICTURES, PICTURES_A_DAY, ADDRESSES_A_DAY, PASSKEYS_A_DAY, LINKS_TO_A_MAILBOX, LINKS_UNUSED, JOINS),
    *(EASY_LINKS_TO_A_MAILBOX, EASY_LINKS_OF_A_NETWORK, EASY_LINKS, LINKS_WAITED_FOR),
)

_IDEAS, _COMMENTS = (IDEAS, IDEAS_A_DAY), (COMMENTS, COMMENTS_A_DAY)
ROUTES: Mapping[str, Sequence[Rule]] = {
    "PUT /api/v1/rounds/*/ballot": (BALLOTS,),
    "POST /rounds/*/ballot": (BALLOTS,),
    "PUT /api/v1/ideas/*/support": (SUPPORT,),
    "DELETE /api/v1/ideas/*/support": (SUPPORT,),
    "POST /ideas/*/support": (SUPPORT,),
    "POST /api/v1/rounds/*/ideas": _IDEAS,
    "POST /campaigns/*/ideas": _IDEAS,
    "POST /api/v1/ideas/*/comments": _COMMENTS,
    "POST /ideas/*/comments": _COMMENTS,
    "POST /api/v1/briefs/*/notes": _COMMENTS,
    "POST /briefs/*/notes": _COMMENTS,
    "PUT /api/v1/notes/*/report": (FLAGS, FLAGS_A_DAY),
    "POST /notes/*/report": (FLAGS, FLAGS_A_DAY),
    "POST /api/v1/pictures": (PICTURES, PICTURES_A_DAY),
    "POST /campaigns/*/ideas/new": (PICTURES, PICTURES_A_DAY),
    "POST /ideas/*/edit": (PICTURES, PICTURES_A_DAY),
    "POST /api/v1/flags": (FLAGS, FLAGS_A_DAY),
    "POST /flags/*": (FLAGS, FLAGS_A_DAY),
    "POST /api/v1/tokens": (WRITES, TOKENS_A_DAY),
    "POST /me/access/tokens": (WRITES, TOKENS_A_DAY),
    "POST /api/v1/me/address": (WRITES, ADDRESSES_A_DAY),
    "POST /me/access/address": (WRITES, ADDRESSES_A_DAY),
    "POST /api/v1/me/passkeys": (WRITES, PASSKEYS_A_DAY),
    "POST /me/access/passkeys": (WRITES, PASSKEYS_A_DAY),
    "GET /api/v1/rounds/*/report": (DOWNLOADS,),
    "GET /api/v1/rounds/*/report.csv": (DOWNLOADS,),
    "GET /api/v1/rounds/*/terms": (DOWNLOADS,),
    "GET /api/v1/rounds/*/leaderboard/history": (DOWNLOADS,),
    "GET /api/v1/campaigns/*/report": (DOWNLOADS,),
    "GET /api/v1/campaigns/*/report.csv": (DOWNLOADS,),
    "GET /api/v1/me/export": (DOWNLOADS,),
}
"""What has rules of its own, `*` standing for an id; every other write of a member falls under WRITES."""

_PATTERNS = [(re.compile(re.escape(route).replace(r"\*", "[^/]+")), rules) for route, rules in ROUTES.items()]


def rules_of(method: str, path: str) -> Sequence[Rule]:
    """Return the rules of a request besides REQUESTS; none for a read that is cheap."""
    if len(path) > _LONGEST_PATH:
        return () if method in READS else (WRITES,)
    return _rules_of(method, path)


@lru_cache(maxsize=8192)
def _rules_of(method: str, path: str) -> Sequence[Rule]:
    asked = f"{method} {path}"
    for pattern, rules in _PATTERNS:
        if pattern.fullmatch(asked):
            return rules
    return () if method in READS else (WRITES,)
