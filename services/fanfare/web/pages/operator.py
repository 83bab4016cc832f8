"""The operator's page: is all well, and if not, what to do. For admins."""

from datetime import timedelta
from typing import Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from fanfare.members import outbox
from fanfare.platform.edge import Admin, TheDesk
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
    Unreadable,
)
from fanfare.web.operations import Operations, Pace, has_mail_server, operations
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.shells import show
from fanfare.web.vitals import ProjectionVitals, RecordVitals, RunnerVitals, Vitals

router = desk_router()
_STEPS = {"open": "to open", "close": "to close", "seal": "to be sealed"}
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
    said = f"{words.counted(number, 'mail')} will be tried again now." if number else "There is nothing to try again."
    return led_to(request, urls.OPERATIONS, said)


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
        due=[Lateness(_STEPS[each.step], each.round, _span(each.late_s)) for each in vitals.due],
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
    )


def _runner(each: RunnerVitals) -> Runner:
    some = "partition" if len(each.partitions) == 1 else "partitions"
    reads = f"reads {some} {words.listed([str(number) for number in each.partitions])}" if each.partitions else ""
    if each.kind == "worker" and not reads:
        reads = "stands by"
    silent, memory = _span(each.silent_s), _size(each.resident_bytes)
    return Runner(each.name, each.kind, each.started_at, silent, memory, each.version, each.machine, reads)


def _place(record: RecordVitals) -> Place:
    if record.place == "postgresql":
        return Place("PostgreSQL", record.answers)
    return Place(f"Kafka, topic {record.topic}", record.answers, [Broker(each.address, each.answers) for each in record.brokers])


def _figures(found: Operations) -> list[Figure]:
    sealed = found.vitals.sealed_ballots
    return [
        Figure(_pace(found.appends.half_within_s), "half of all writes to the record were durable within this"),
        Figure(_pace(found.appends.most_within_s), f"99 of 100 were durable within this, {_of(found.appends, 'write')}"),
        Figure(_pace(found.requests.most_within_s), f"99 of 100 were answered within this, {_of(found.requests, 'request')}"),
        Figure(words.number(found.live_pages), "live pages are open" if found.live_pages != 1 else "live page is open"),
        Figure(words.number(sum(found.vitals.sessions.values())), "sessions and tokens are open"),
        Figure(words.number(sealed.get("late", 0) + sealed.get("void", 0)), "late or void ballots in sealed rounds"),
    ]


def _of(pace: Pace, one: str) -> str:
    return f"of {words.counted(pace.number, one)} since the start"


def _pace(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def _follows(each: ProjectionVitals) -> Follows:
    lag = sum(each.lag)
    state: Literal["level", "behind", "stopped"] = "stopped" if each.stopped else "behind" if each.lag_s >= 1 else "level"
    return Follows(each.name, state, lag, _span(each.lag_s), each.stopped[:300])


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=int(seconds))


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:,.0f} MiB" if size_bytes else "–"


def _disk(vitals: Vitals) -> str:
    if vitals.disk is None:
        return "not on this machine"
    return f"{vitals.disk.free_bytes / _GIB:,.1f} GiB free of {vitals.disk.size_bytes / _GIB:,.0f}"
