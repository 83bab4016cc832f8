"""
Logs: one line an event on standard error, for people on a terminal and as JSON elsewhere.

No line names a person: never a frame's variables, never PostgreSQL's details, which quote rows, never a query or an address.
"""

import logging as stdlib
import re
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Any

import msgspec
import psycopg
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from fanfare.platform.metrics import FAULTS

_MOST_NOTED = 50
_MOST_CHAINED = 8
_CLIENTS = ("aiokafka", "faust", "kafka", "mode")
"""Libraries that speak to Kafka. While a broker is away each says so several times a second."""
_AGAIN_S, _MOST_SAID = 30.0, 200


class Noted(msgspec.Struct, frozen=True):
    """An error that was logged, as the operator's page shows it."""

    at: datetime
    what: str
    """What the line says: fault, projection stopped, processor failed."""
    where: str
    """The route, the projection or the processor."""
    error: str
    """The type of the error and the line of code that raised it; never its words, which may quote somebody."""
    id: str = ""
    request: str = ""


_noted: deque[Noted] = deque(maxlen=_MOST_NOTED)
"""Owned by the process: the latest errors that it logged."""


def noted() -> list[Noted]:
    """Return the latest errors that this process has logged, oldest first."""
    return list(_noted)


def configure() -> None:
    """Set structlog up for this process."""
    on_terminal = sys.stderr.isatty()
    renderer: Processor = structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(sort_keys=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            note,
            without_details,
            *([calm] if on_terminal else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # a line in one write: processes share the stream
        cache_logger_on_first_use=True,
    )
    stdlib.setLogRecordFactory(_record)
    clients = Clients()
    for each in _CLIENTS:
        library = stdlib.getLogger(each)
        library.handlers, library.propagate = [clients], False
        library.setLevel(stdlib.WARNING)
    sys.excepthook = _unhandled


def _record(*given: Any, **named: Any) -> stdlib.LogRecord:  # noqa: ANN401 - whatever a library logs
    """Make a record of a library's log; a formatter finds the trace written already, without what the error quotes."""
    made = stdlib.LogRecord(*given, **named)
    if made.exc_info and made.exc_info[1] is not None:
        made.exc_text = "\n".join(_told(made.exc_info[1]))
    return made


class Clients(stdlib.Handler):
    """Makes lines of ours of what libraries warn of; the same warning at most twice a minute. What breaks by it logs an error."""

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self._said: dict[str, float] = {}

    def emit(self, record: stdlib.LogRecord) -> None:
        """Log *record*, unless its like was logged lately."""
        said_at = self._said.get(record.msg)
        if said_at is not None and monotonic() - said_at < _AGAIN_S:
            return
        if len(self._said) >= _MOST_SAID:
            self._said.clear()
        self._said[record.msg] = monotonic()
        structlog.get_logger().warning("a library warns", library=record.name, said=record.getMessage()[:300])


def _unhandled(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    del kind, trace
    sys.stderr.write("\n".join(_told(error)) + "\n")


def calm(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Leave out what went well with a request or an entry: a person at a terminal waits for other news."""
    del logger
    if event["event"] in ("request", "applied") and method == "info":
        raise structlog.DropEvent
    return event


def forget_errors() -> None:
    """Begin anew with what the operator's page tells: another site runs in this process now."""
    _noted.clear()


def note(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Keep what is logged as an error, for the operator's page."""
    del logger
    if method in ("error", "critical", "exception"):
        FAULTS.inc()
        where = event.get("route") or event.get("projection") or event.get("processor") or event.get("part") or ""
        error = event.get("exc_info")
        raised = _raised(error) if isinstance(error, BaseException) else ""
        asked, known = str(event.get("request", "")), str(event.get("id", ""))
        _noted.append(Noted(datetime.now(UTC), str(event["event"]), str(where), raised, known, asked))
    return event


def without_details(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Write an error with its trace, but without what PostgreSQL quotes of a row."""
    del logger, method
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(error))
    return event


def said(error: BaseException) -> str:
    """Return the words of an error; of PostgreSQL's only its first sentence, since the others quote the row."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        words = f"{error.sqlstate}: {error.diag.message_primary}"
        return re.sub(r'".*"', "…", words, flags=re.DOTALL) if words.startswith("22") else words  # a value that it could not read
    # Python and pydantic quote what they could not take; words of our own errors quote nothing but ids.
    return re.sub(r"""['"].*['"]""", "…", str(error)[:500].partition("\nDETAIL:")[0], flags=re.DOTALL)


def _told(error: BaseException, depth: int = 0) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and depth < _MOST_CHAINED:
        yield from _told(before, depth + 1)
        yield "which led to:"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__))
    yield f"{type(error).__module__}.{type(error).__qualname__}: {said(error)}"
    if isinstance(error, BaseExceptionGroup) and depth < _MOST_CHAINED:
        for each in error.exceptions:
            yield from _told(each, depth + 1)


def _raised(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "/fanfare/" in each.filename] or frames
    at = f" at {ours[-1].filename.rpartition('/fanfare/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{at}"
