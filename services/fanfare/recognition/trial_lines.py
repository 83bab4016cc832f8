"""What a trial of a rule in a process of its own is told on standard input, and what it says, a line each, on standard output."""

import msgspec

from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.recognition.preview import Preview
from fanfare.record.recognition import RulePublished


class Trying(msgspec.Struct, frozen=True):
    """What is to be tried, and where."""

    database: str
    kafka: Kafka | None
    """What keeps the record; none where PostgreSQL does."""
    rule: RulePublished


class Step(msgspec.Struct, frozen=True, tag="step"):
    """So many entries were read, of so many."""

    done: int
    of: int


class Found(msgspec.Struct, frozen=True, tag="found"):
    """It is through."""

    preview: Preview


Line = Step | Found
