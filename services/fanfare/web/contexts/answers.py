"""Contexts of answers: as they stand under an idea, the form that gives one, and what waits for one."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.record.answers import AnswerStatus
from fanfare.web.contexts.shell import Form, Page, Part


class Answer(Part, frozen=True):
    """What the brand answered."""

    status: AnswerStatus
    text: str
    """Markdown; empty where it was removed."""
    by: str
    at: datetime
    position: str = ""
    standing: str = ""
    """By which right of a fan she answered; empty for a host."""


class Asked(Part, frozen=True):
    """An idea that waits for an answer."""

    id: str
    title: str
    by: str
    raised_at: datetime
    supports: int


class AnswersPage(Page, frozen=True):
    """The ideas of a campaign that wait for an answer, the oldest first."""

    template = "host/answers.html"

    campaign_id: str
    waiting: Sequence[Asked]
    total: int
    """Counted no further than 1,000."""
    older: str = ""
    """The cursor of the page after; empty on the last."""


class AnswerPage(Page, frozen=True):
    """Answer an idea: the fan's words, the form, and how the answer will read."""

    template = "host/answer.html"

    idea: Asked
    text: str
    """The idea in Markdown."""
    form: Form
    """Fields status, reason."""
    idempotency_key: str
    given: Sequence[Answer] = ()
    """The answer that stands first, then the earlier ones."""
    preview: Answer | None = None
    next_id: str = ""
    """The idea that waits longest after this one."""
