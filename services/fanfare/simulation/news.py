"""What the console says: few calm lines."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fanfare.simulation.hosting import ZONE

Say = Callable[[str], None]


def say(line: str) -> None:
    """Tell the person at the console."""
    sys.stdout.write(f"  {line}\n" if line else "\n")
    sys.stdout.flush()


def opened(found: Mapping[str, Any]) -> str:
    """Return the line of an opening."""
    closes_at = datetime.fromisoformat(found["closes_at"]).astimezone(ZoneInfo(ZONE))
    return f"“{found['name']}” is open until {closes_at:%H:%M:%S}. {found['question']}"


def standing(board: Mapping[str, Any]) -> str:
    """Return who is ahead."""
    places = board["places"]
    if not places or not places[0]["votes"]:
        return "Nobody is ahead yet."
    first, *rest = places
    if not rest:
        return f"{first['label']} stands alone with {first['votes']:,}."
    lead = first["votes"] - rest[0]["votes"]
    if not lead:
        return f"{first['label']} and {rest[0]['label']} are level with {first['votes']:,}."
    return f"{first['label']} is ahead of {rest[0]['label']} by {lead:,} ({first['votes']:,} to {rest[0]['votes']:,})."


def last_call(found: Mapping[str, Any], board: Mapping[str, Any]) -> str:
    """Return the line of ten seconds before a close."""
    return f"“{found['name']}” closes in ten seconds. {standing(board)}"


def sealed(found: Mapping[str, Any], board: Mapping[str, Any], *, last: bool) -> str:
    """Return what came out of a round."""
    on = [f"{each['label']} ({each['votes']:,})" for each in board["places"] if each["advances"]]
    counted = f"{board['counted']:,} {'supports' if found['method'] == 'support.v1' else 'ballots'}"
    verb = "the eighth flavour is" if last else ("goes on:" if len(on) == 1 else "go on:")
    return f"“{found['name']}” is sealed, {counted}; {verb} {_listed(on)}."


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def done(url: str, sealed: str, campaign: str) -> Sequence[str]:
    """Return what to look at next; *sealed* is the latest sealed round, empty where there is none."""
    return (
        "",
        "That was it. The site stays up; look around:",
        *([f"  the sealed result      {url}/rounds/{sealed}/report"] if sealed else []),
        f"  who decided what when  {url}/campaigns/{campaign}/timeline",
        "And count it again yourself, in another window, from the folder where you started the demo:",
        f"  fanfare export demo.fanfare --url {url} && fanfare replay demo.fanfare",
        "",
    )


def figures(answers: Counter[str], fans: int) -> str:
    """Return what the simulation did, in one line."""
    ideas, comments = answers["idea 201"], answers["comment 201"] + answers["answer 201"]
    supports, ballots = answers["support 200"], answers["ballot 200"]
    words = f"raised {ideas} ideas, wrote {comments} comments, gave support {supports:,} times and cast {ballots:,} ballots"
    return f"{fans:,} fans {words}."
