"""The report of an audit as one page: the verdict first, then each claim with what it means. Nothing is loaded, and it prints."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from fanfare.audit.claims import Outcome
from fanfare.audit.explained import grouped

_TEMPLATE = Path(__file__).with_name("page.html")
_VERDICTS = {0: "Everything that was claimed holds", 1: "Something does not hold", 2: "This could not be checked"}


class Told(msgspec.Struct, frozen=True):
    """What the page tells of the audit itself."""

    source: str
    command: str
    """With which it can be repeated."""
    at: datetime
    sha256: str = ""
    """Of the archive, where one was audited."""


def as_page(outcome: Outcome, told: Told) -> bytes:
    """Return the page, UTF-8."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    failing = [each for each in outcome.claims if not each.passed]
    page = environment.from_string(_TEMPLATE.read_text("utf-8")).render(
        headline=_VERDICTS[outcome.exit_code],
        verdict=outcome.verdict,
        state=("holds", "fails", "unchecked")[outcome.exit_code],
        failing=failing,
        groups=grouped(outcome.claims),
        unshown=outcome.unshown,
        told=told,
        at=told.at.astimezone(UTC),
        version=version("fanfare"),
    )
    return page.encode()
