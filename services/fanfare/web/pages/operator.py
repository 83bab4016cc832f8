"""The operator's page: is all well, and if not, what to do. For admins."""

from datetime import timedelta
from typing import Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from fanfare.members import outbox
from fanfare.platform.edge import Admin, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext
from fanfare.web import urls, words
from fanfare.web.contexts.operator import (
    Broker,
    Figure,
    Filling,
    Follows,
    Lateness,
    Mistake,
    Need,
    OperationsPage,
    Place,
    Runner,
    Signed,
    Unreadable,
    WitnessLine,
)
from fanfare.web.operations import Operations, has_mail_server, operations
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.shells import show
from fanfare.web.vitals import ProjectionVitals, RecordVitals, RunnerVitals, Vitals

router = desk_router()
_STEPS = {
    "open": marked("A round is due to open"),
    "close": marked("A round is due to close"),
    "seal": marked("A round is due to be sealed"),
}
_GIB, _MIB = 1024**3, 1024**2


@router.get(urls.OPERATIONS)
async def page(request: Request, admin: Admin) -> HTMLResponse:
    """Show how the site is."""
    del admin
    found = await operations(request)
    return await show(request, operations_page(found, has_mail_server=await has_mail_server(request)), section="operations")


@router.post(urls.OPERATIONS)
async def mail_again(request: Request, admin: Admin, desk: TheDesk) -> RedirectResponse:
    """Have the mails that failed tried again at once."""
    del admin
    async with desk.pool.connection() as connection:
        number = await outbox.try_again(connection)
    said = ngettext(
        "%(count)s mail will be tried again now.", "%(count)s mails will be tried again now.", number, count=words.number(number)
    )
    return led_to(request, urls.OPERATIONS, said if number else _("There is nothing to try again."))


def operations_page(found: Operations, *, has_mail_server: bool) -> OperationsPage:
    """Return how the site is in words."""
    vitals = found.vitals
    return OperationsPage(
        headline=found.headline,
        needs=[Need(each.kind, each.title, each.advice) for each in found.findings],
        figures=_figures(found),
        processes=[_runner(each) for each in vitals.processes],
        projections=[_follows(each) for each in vitals.projections],
        heads=vitals.heads,
        due=[Lateness(_(_STEPS[each.step]), each.round, _span(each.late_s)) for each in vitals.due],
        mail_waits=vitals.outbox.waiting,
        mail_failed=vitals.outbox.failed,
        mail_given_up=vitals.outbox.given_up,
        mail_failures=vitals.outbox.failures,
        has_mail_server=has_mail_server,
        mistakes=[Mistake(each.at, each.what, each.where, each.error, each.id, each.request) for each in vitals.faults],
        disk=_disk(vitals),
        version=vitals.version,
        unreadable=[Unreadable(each.position, each.why, each.rounds, each.rulings > 0) for each in vitals.quarantined],
        place=_place(vitals.record),
        rebuilds=[Filling(each.name, 100 * each.done // each.of if each.of else 100) for each in vitals.rebuilds],
        backup_at=vitals.backup_at,
        signed=[
            Signed(each.partition, each.signed, each.behind, each.signed_at, each.swept_at, each.doubt) for each in vitals.notary
        ],
        witnesses=_witnesses(vitals),
    )


def _witnesses(vitals: Vitals) -> list[WitnessLine]:
    """Return a line a witness: what she cosigned of all partitions, when she last did, and since when she is silent in one."""
    lines = []
    for name in dict.fromkeys(each.name for each in vitals.witnesses):
        hers = [each for each in vitals.witnesses if each.name == name]
        silent = sorted((each.silent_since, each.why) for each in hers if each.silent_since)
        since, why = silent[0] if silent else (None, "")
        at = max((each.at for each in hers if each.at), default=None)
        lines.append(WitnessLine(name, sum(each.size for each in hers), at, since, why))
    return lines


def _runner(each: RunnerVitals) -> Runner:
    numbers = words.listed([str(number) for number in each.partitions])
    reads = _("stands by") if each.kind == "worker" else ""
    if each.partitions:
        reads = ngettext("reads partition %(numbers)s", "reads partitions %(numbers)s", len(each.partitions), numbers=numbers)
    silent, memory = _span(each.silent_s), _size(each.resident_bytes)
    return Runner(each.name, each.kind, each.started_at, silent, memory, each.version, each.machine, reads)


def _place(record: RecordVitals) -> Place:
    if record.place == "postgresql":
        return Place("PostgreSQL", record.answers)
    return Place(
        _("Kafka, topic %(topic)s", topic=record.topic),
        record.answers,
        [Broker(each.address, each.answers) for each in record.brokers],
    )


def _figures(found: Operations) -> list[Figure]:
    sealed = found.vitals.sealed_ballots
    return [
        Figure(_pace(found.appends.half_within_s), _("half of all writes to the record were durable within this")),
        Figure(_pace(found.appends.most_within_s), _writes(found.appends.number)),
        Figure(_pace(found.requests.most_within_s), _requests(found.requests.number)),
        Figure(words.number(found.live_pages), ngettext("live page is open", "live pages are open", found.live_pages)),
        Figure(words.number(sum(found.vitals.sessions.values())), _("sessions and tokens are open")),
        Figure(words.number(sealed.get("late", 0) + sealed.get("void", 0)), _("late or void ballots in sealed rounds")),
    ]


def _writes(number: int) -> str:
    return ngettext(
        "99 of 100 were durable within this, of %(count)s write since the start",
        "99 of 100 were durable within this, of %(count)s writes since the start",
        number,
        count=words.number(number),
    )


def _requests(number: int) -> str:
    return ngettext(
        "99 of 100 were answered within this, of %(count)s request since the start",
        "99 of 100 were answered within this, of %(count)s requests since the start",
        number,
        count=words.number(number),
    )


def _pace(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 1:
        return _("%(number)s ms", number=f"{seconds * 1000:g}")
    return _("%(number)s s", number=f"{seconds:g}")


def _follows(each: ProjectionVitals) -> Follows:
    lag = sum(each.lag)
    state: Literal["level", "behind", "stopped"] = "stopped" if each.stopped else "behind" if each.lag_s >= 1 else "level"
    return Follows(each.name, state, lag, _span(each.lag_s), each.stopped[:300])


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=int(seconds))


def _size(size_bytes: int) -> str:
    return _("%(number)s MiB", number=words.number(round(size_bytes / _MIB))) if size_bytes else "–"


def _disk(vitals: Vitals) -> str:
    if vitals.disk is None:
        return _("not on this machine")
    free, size = f"{vitals.disk.free_bytes / _GIB:,.1f}", f"{vitals.disk.size_bytes / _GIB:,.0f}"
    return _("%(free)s GiB free of %(size)s", free=free, size=size)
