"""What all samples of pages share: a moment, a brand, a round."""

from datetime import UTC, datetime, timedelta

import msgspec

from fanfare.web.contexts import campaigns

NOW = datetime(2026, 11, 11, 13, 2, 11, tzinfo=UTC)
PINK = "#ff5c7c"
HASH = "9f2c41d07be8a613c0ffee5a91d40c7e5c07e2d95c07e2d991d40c7e3ab8e2d9"
SUMMARY = "You raised 1,316 ideas. Seven are on the ballot. Taste with your head, choose with your heart: three go on."


def ago(**span: int) -> datetime:
    """Return a moment before the samples' now."""
    return NOW - timedelta(**span)


def ahead(**span: int) -> datetime:
    """Return a moment after the samples' now."""
    return NOW + timedelta(**span)


FIRST = campaigns.RoundStub("r1", 1, "Flavour", "open", 7, 3, ago(days=5), ahead(days=3, hours=4))
SEALED = msgspec.structs.replace(FIRST, state="sealed", opens_at=ago(days=9), closes_at=ago(hours=20))
