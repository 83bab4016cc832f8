"""What is wrong with a site, judged from its vitals, and what to do about it. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from fanfare.web.vitals import Vitals

_LATE_S, _BEHIND_S = 60, 30
"""A step may take a moment and a projection may be behind during a rush; beyond that somebody should look."""
_MAIL_S = 600
_RECENT = timedelta(minutes=15)
_GIB = 1024**3
_STEPS = {"open": "did not open", "close": "did not close", "seal": "is not sealed"}


class Finding(BaseModel):
    """Something that is wrong."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["bad", "warn"]
    """bad: something does not work. warn: it will not, unless somebody does something."""
    code: str
    """Stable, for alarms."""
    title: str
    advice: str


def findings(vitals: Vitals, *, has_mail_server: bool) -> list[Finding]:
    """Return what is wrong, the worst first; empty where all is well."""
    if not vitals.database:
        advice = "Nothing can be written or read until it does. Look at its log, and at the disk."
        return [Finding(kind="bad", code="database-away", title="The database does not answer", advice=advice)]
    found = [
        *_record(vitals),
        *_processes(vitals),
        *_projections(vitals),
        *_clock(vitals),
        *_quarantine(vitals),
        *_mail(vitals, has_mail_server=has_mail_server),
        *_disk(vitals),
        *_faults(vitals),
    ]
    return sorted(found, key=lambda each: each.kind != "bad")


def headline(found: list[Finding]) -> str:
    """Return one calm sentence for the head of the page."""
    if not found:
        return "All is well"
    return found[0].title if len(found) == 1 else f"{found[0].title}, and {_more(len(found) - 1)}"


def _more(count: int) -> str:
    return "one more thing" if count == 1 else f"{count} more things"


def _record(vitals: Vitals) -> Iterator[Finding]:
    if not vitals.record.answers:
        advice = "Nothing can be written until it does, and nobody is told otherwise. Pages show what was read before."
        yield Finding(kind="bad", code="record-away", title="The record does not answer", advice=advice)
    for each in vitals.record.brokers:
        if not each.answers:
            advice = "The record goes on while enough of the others have it. Start it again; it catches up by itself."
            yield Finding(kind="warn", code="broker-away", title=f"The broker {each.address} does not answer", advice=advice)


def _processes(vitals: Vitals) -> Iterator[Finding]:
    if not any(each.kind == "worker" for each in vitals.processes):
        advice = "No round opens or closes and no page moves on until one runs. Start it; its log says why it ended."
        yield Finding(kind="bad", code="worker-away", title="No worker is running", advice=advice)
    if len({each.version for each in vitals.processes}) > 1:
        advice = "An upgrade is half done. Restart what still runs the older version."
        yield Finding(kind="warn", code="versions-differ", title="The processes run different versions", advice=advice)


def _projections(vitals: Vitals) -> Iterator[Finding]:
    for each in vitals.projections:
        if each.stopped:
            advice = f"It stands at {each.stopped[:200]}. What it shows is right up to there. Upgrade, and restart."
            yield Finding(kind="bad", code="projection-stopped", title=f"The projection “{each.name}” has stopped", advice=advice)
        elif each.lag_s > _BEHIND_S:
            title = f"The projection “{each.name}” is {each.lag_s:.0f} seconds behind"
            advice = f"It has {sum(each.lag):,} entries to go. If that number does not fall, the worker is stuck or too slow."
            yield Finding(kind="warn", code="projection-behind", title=title, advice=advice)


def _clock(vitals: Vitals) -> Iterator[Finding]:
    for each in vitals.due:
        if each.late_s > _LATE_S:
            advice = f"It was due {_span(each.late_s)} ago. Later than ten minutes it waits for a host: see its round desk."
            yield Finding(kind="warn", code="round-late", title=f"A round {_STEPS[each.step]} in time", advice=advice)


def _quarantine(vitals: Vitals) -> Iterator[Finding]:
    waiting = [each for each in vitals.quarantined if each.rounds]
    if waiting:
        title = f"{len(waiting):,} events cannot be read" if len(waiting) > 1 else "An event cannot be read"
        advice = "It waits in quarantine, and its round is not sealed before a host rules on it, on the round desk."
        yield Finding(kind="warn", code="quarantine", title=title, advice=advice)


def _mail(vitals: Vitals, *, has_mail_server: bool) -> Iterator[Finding]:
    mail = vitals.outbox
    if mail.given_up:
        title = f"{mail.given_up:,} mails were given up" if mail.given_up > 1 else "One mail was given up"
        advice = f"The server said: {', '.join(mail.failures)}. Set right what is wrong, then have them tried again below."
        yield Finding(kind="warn", code="mail-given-up", title=title, advice=advice)
    elif has_mail_server and mail.oldest_s > _MAIL_S:
        advice = f"The oldest has waited {_span(int(mail.oldest_s))}. It is tried again by itself; is FANFARE_SMTP_URL right?"
        yield Finding(kind="warn", code="mail-waits", title="Mail does not leave", advice=advice)


def _disk(vitals: Vitals) -> Iterator[Finding]:
    if vitals.disk is None or vitals.disk.free_bytes >= 2 * _GIB:
        return
    advice = "When it is full nothing can be written, and nothing that was acknowledged is lost. Make room before that."
    kind: Literal["bad", "warn"] = "bad" if vitals.disk.free_bytes < _GIB // 4 else "warn"
    title = f"The disk has {vitals.disk.free_bytes / _GIB:.1f} GiB left"
    yield Finding(kind=kind, code="disk-nearly-full", title=title, advice=advice)


def _faults(vitals: Vitals) -> Iterator[Finding]:
    recent = [each for each in vitals.faults if vitals.at - each.at < _RECENT]
    if recent:
        title = (
            f"{len(recent)} errors of ours in the last quarter of an hour" if len(recent) > 1 else "An error of ours a moment ago"
        )
        advice = "They stand below with their ids; the log has the whole of each under the same id."
        yield Finding(kind="warn", code="faults", title=title, advice=advice)


def _span(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
