"""What is wrong with a site, judged from its vitals, and what to do about it. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext
from fanfare.platform.saying import number, span
from fanfare.web.vitals import Vitals

_LATE_S, _BEHIND_S, _SILENT_S = 60, 30, 300
"""A step may take a moment and a projection may be behind during a rush; beyond that somebody should look."""
_MAIL_S = 600
_RECENT = timedelta(minutes=15)
_GIB = 1024**3
_STEPS = {
    "open": marked("A round did not open in time"),
    "close": marked("A round did not close in time"),
    "seal": marked("A round is not sealed in time"),
}
_NO_ANSWER = marked("The broker %(address)s does not answer")
_TO_GO = marked("It has %(count)s entries to go. If that number does not fall, the worker is stuck or too slow.")
_WAS_DUE = marked("It was due %(span)s ago. Later than ten minutes it waits for a host: see its round desk.")
_GIVEN_UP = marked("The server said: %(said)s. Set right what is wrong, then have them tried again below.")
_WAITS = marked("The oldest has waited %(span)s. It is tried again by itself; is FANFARE_SMTP_URL right?")


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
        advice = _("Nothing can be written or read until it does. Look at its log, and at the disk.")
        return [Finding(kind="bad", code="database-away", title=_("The database does not answer"), advice=advice)]
    found = [
        *_record(vitals),
        *_processes(vitals),
        *_projections(vitals),
        *_clock(vitals),
        *_notary(vitals),
        *_witnesses(vitals),
        *_quarantine(vitals),
        *_mail(vitals, has_mail_server=has_mail_server),
        *_disk(vitals),
        *_faults(vitals),
    ]
    return sorted(found, key=lambda each: each.kind != "bad")


def headline(found: list[Finding]) -> str:
    """Return one calm sentence for the head of the page."""
    if not found:
        return _("All is well")
    if len(found) == 1:
        return found[0].title
    more = len(found) - 1
    return ngettext(
        "%(first)s, and one more thing", "%(first)s, and %(count)s more things", more, first=found[0].title, count=more
    )


def _record(vitals: Vitals) -> Iterator[Finding]:
    if not vitals.record.answers:
        advice = _("Nothing can be written until it does, and nobody is told otherwise. Pages show what was read before.")
        yield Finding(kind="bad", code="record-away", title=_("The record does not answer"), advice=advice)
    for each in vitals.record.brokers:
        if not each.answers:
            advice = _("The record goes on while enough of the others have it. Start it again; it catches up by itself.")
            yield Finding(kind="warn", code="broker-away", title=_(_NO_ANSWER, address=each.address), advice=advice)


def _processes(vitals: Vitals) -> Iterator[Finding]:
    if not any(each.kind == "worker" for each in vitals.processes):
        advice = _("No round opens or closes and no page moves on until one runs. Start it; its log says why it ended.")
        yield Finding(kind="bad", code="worker-away", title=_("No worker is running"), advice=advice)
    if len({each.version for each in vitals.processes}) > 1:
        advice = _("An upgrade is half done. Restart what still runs the older version.")
        yield Finding(kind="warn", code="versions-differ", title=_("The processes run different versions"), advice=advice)


def _projections(vitals: Vitals) -> Iterator[Finding]:
    for each in vitals.projections:
        if each.stopped:
            advice = _(
                "It stands at %(place)s. What it shows is right up to there. Upgrade, and restart.", place=each.stopped[:200]
            )
            title = _("The projection “%(name)s” has stopped", name=each.name)
            yield Finding(kind="bad", code="projection-stopped", title=title, advice=advice)
        elif each.lag_s > _BEHIND_S:
            title = _("The projection “%(name)s” is %(seconds)s seconds behind", name=each.name, seconds=f"{each.lag_s:.0f}")
            advice = _(_TO_GO, count=number(sum(each.lag)))
            yield Finding(kind="warn", code="projection-behind", title=title, advice=advice)


def _clock(vitals: Vitals) -> Iterator[Finding]:
    for each in vitals.due:
        if each.late_s > _LATE_S:
            advice = _(_WAS_DUE, span=_span(each.late_s))
            yield Finding(kind="warn", code="round-late", title=_(_STEPS[each.step]), advice=advice)


def _notary(vitals: Vitals) -> Iterator[Finding]:
    for each in vitals.notary:
        if each.doubt:
            title = _("The notary signs nothing more of partition %(partition)s", partition=each.partition)
            advice = _("It doubts: %(why)s Keep everything as it is, and read docs/guides/operators.md.", why=each.doubt)
            yield Finding(kind="bad", code="notary-doubts", title=title, advice=advice)
        elif each.behind_s > _BEHIND_S:
            title = _(
                "The notary is %(span)s behind in partition %(partition)s",
                span=_span(int(each.behind_s)),
                partition=each.partition,
            )
            advice = _(
                "%(count)s entries are not signed yet. Is a worker running, and can it write to the objects?",
                count=number(each.behind),
            )
            yield Finding(kind="warn", code="notary-behind", title=title, advice=advice)


def _witnesses(vitals: Vitals) -> Iterator[Finding]:
    silent = {each.name: each for each in vitals.witnesses if each.silent_s > _SILENT_S}
    for each in silent.values():
        title = _("The witness %(name)s is silent for %(span)s", name=each.name, span=_span(int(each.silent_s)))
        yield Finding(
            kind="warn", code="witness-silent", title=title, advice=_("In place of a cosignature came: %(why)s", why=each.why)
        )


def _quarantine(vitals: Vitals) -> Iterator[Finding]:
    waiting = [each for each in vitals.quarantined if each.rounds]
    if waiting:
        count = len(waiting)
        title = ngettext("An event cannot be read", "%(count)s events cannot be read", count, count=number(count))
        advice = _("It waits in quarantine, and its round is not sealed before a host rules on it, on the round desk.")
        yield Finding(kind="warn", code="quarantine", title=title, advice=advice)


def _mail(vitals: Vitals, *, has_mail_server: bool) -> Iterator[Finding]:
    mail = vitals.outbox
    if mail.given_up:
        count = mail.given_up
        title = ngettext("One mail was given up", "%(count)s mails were given up", count, count=number(count))
        advice = _(_GIVEN_UP, said=", ".join(mail.failures))
        yield Finding(kind="warn", code="mail-given-up", title=title, advice=advice)
    elif has_mail_server and mail.oldest_s > _MAIL_S:
        advice = _(_WAITS, span=_span(int(mail.oldest_s)))
        yield Finding(kind="warn", code="mail-waits", title=_("Mail does not leave"), advice=advice)


def _disk(vitals: Vitals) -> Iterator[Finding]:
    if vitals.disk is None or vitals.disk.free_bytes >= 2 * _GIB:
        return
    advice = _("When it is full nothing can be written, and nothing that was acknowledged is lost. Make room before that.")
    kind: Literal["bad", "warn"] = "bad" if vitals.disk.free_bytes < _GIB // 4 else "warn"
    title = _("The disk has %(size)s GiB left", size=f"{vitals.disk.free_bytes / _GIB:.1f}")
    yield Finding(kind=kind, code="disk-nearly-full", title=title, advice=advice)


def _faults(vitals: Vitals) -> Iterator[Finding]:
    recent = [each for each in vitals.faults if vitals.at - each.at < _RECENT]
    if recent:
        count = len(recent)
        title = ngettext(
            "An error of ours a moment ago", "%(count)s errors of ours in the last quarter of an hour", count, count=count
        )
        advice = _("They stand below with their ids; the log has the whole of each under the same id.")
        yield Finding(kind="warn", code="faults", title=title, advice=advice)


def _span(seconds: int) -> str:
    return span(seconds // 60, "minute") if seconds >= 120 else span(seconds, "second")
