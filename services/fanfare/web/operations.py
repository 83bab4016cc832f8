"""For those who run the site: its metrics for Prometheus, and how it is as JSON."""

import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from fanfare.members import mail_settings
from fanfare.members.address import is_loopback
from fanfare.platform.caller import Authenticate
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Admin
from fanfare.platform.language import gettext as _
from fanfare.platform.metrics import SECONDS, Sample
from fanfare.platform.refusals import RoleNeeded
from fanfare.platform.settings import Settings
from fanfare.web.verdict import Finding, findings, headline
from fanfare.web.vitals import Vitals
from fanfare.web.watching import Watching

router = APIRouter()
Told = list[tuple[str, list[Sample]]]


class Pace(BaseModel):
    """How fast something was since the processes started, as far as a histogram's bounds tell; none where nothing happened."""

    number: int
    half_within_s: float | None
    most_within_s: float | None
    """99 of 100."""


class Operations(BaseModel):
    """How the site is, and what to do."""

    headline: str
    findings: list[Finding]
    """What is wrong, the worst first; empty where all is well."""
    appends: Pace
    """Writes to the record."""
    requests: Pace
    live_pages: int
    vitals: Vitals


async def operations(request: Request) -> Operations:
    """Return how the site is."""
    watching: Watching = request.app.state.watching
    vitals, told = await watching.vitals(), await watching.samples()
    found = findings(vitals, has_mail_server=await has_mail_server(request))
    return Operations(
        headline=headline(found),
        findings=found,
        appends=pace(told, "fanfare_append_seconds"),
        requests=pace(told, "fanfare_request_seconds"),
        live_pages=int(sum(each.value for __, samples in told for each in samples if each.metric == "fanfare_live_pages")),
        vitals=vitals,
    )


async def has_mail_server(request: Request) -> bool:
    """Tell whether mail leaves this site: by the environment, or by what an admin set."""
    settings: Settings = request.app.state.settings
    desk: Desk = request.app.state.desk
    async with desk.pool.connection() as connection:
        return await mail_settings.is_set(connection, settings)


def pace(told: Told, metric: str) -> Pace:
    """Return the pace of a histogram in seconds, all processes and labels together."""
    counts = [0] * (len(SECONDS) + 1)
    for __, samples in told:
        for each in samples:
            if each.metric == metric:
                counts = [one + other for one, other in zip(counts, each.counts, strict=True)]
    return Pace(number=sum(counts), half_within_s=within(counts, 50), most_within_s=within(counts, 99))


def within(counts: Sequence[int], percent: int) -> float | None:
    """Return the bound below which so many *percent* lie; none where nothing was counted, or too much lies above the last."""
    below = 0
    for bound, count in zip(SECONDS, counts, strict=False):
        below += count
        if below and 100 * below >= percent * sum(counts):
            return bound
    return None


@router.get("/api/v1/operations", tags=["site"], summary="How the site is")
async def get_operations(request: Request, admin: Admin) -> Operations:
    """Return what an operator needs to know: what is wrong and what to do, and the figures behind it. For admins."""
    del admin
    return await operations(request)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Return the figures of all processes of the site in Prometheus's format."""
    from fanfare.platform.exposition import CONTENT_TYPE, exposed, of_process  # where nobody asks, Prometheus is never loaded

    await _let_in(request)
    watching: Watching = request.app.state.watching
    vitals, told = await watching.vitals(), await watching.samples()
    samples = [each for name, counted in told for each in of_process(counted, name)]
    return Response(exposed([*samples, *of_site(vitals)]), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


async def _let_in(request: Request) -> None:
    """
    Let in whoever holds FANFARE_METRICS_TOKEN, an admin, and on a site of this machine's own also this machine.

    A site with a public URL has a proxy before it, which makes all requests come from this machine: there a token is needed.

    Raises:
        RoleNeeded: nobody of these.
    """
    settings: Settings = request.app.state.settings
    desk: Desk = request.app.state.desk
    expected = settings.metrics_token.get_secret_value()
    scheme, __, presented = request.headers.get("authorization", "").partition(" ")
    if expected and scheme.lower() == "bearer" and hmac.compare_digest(presented.strip().encode(), expected.encode()):
        return
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"}.intersection(request.headers.keys())
    at_home = is_loopback(urlsplit(desk.source).hostname or "") or not desk.source
    if at_home and not forwarded and not presented and request.client and is_loopback(request.client.host):
        return
    authenticate: Authenticate = request.app.state.authenticate
    caller = await authenticate(request)
    if caller is None or not caller.may("admin"):
        message = _("Send the token that FANFARE_METRICS_TOKEN sets, or an admin's, as Authorization: Bearer ….")
        raise RoleNeeded(message)


def of_site(vitals: Vitals) -> list[Sample]:
    """Return how the site is as figures of metrics."""
    found = [Sample("fanfare_site", 1, (vitals.version,)), Sample("fanfare_database_up", int(vitals.database))]
    if vitals.disk:
        found.append(Sample("fanfare_disk_free_bytes", vitals.disk.free_bytes))
    if not vitals.database:
        return found
    found += [Sample("fanfare_record_up", int(vitals.record.answers)), Sample("fanfare_record_place", 1, (vitals.record.place,))]
    found += [Sample("fanfare_broker_up", int(each.answers), (each.address,)) for each in vitals.record.brokers]
    found += _of_reading(vitals)
    found += [Sample("fanfare_sealed_ballots", number, (fate,)) for fate, number in vitals.sealed_ballots.items()]
    for step in ("open", "close", "seal"):
        late = [each.late_s for each in vitals.due if each.step == step]
        found.append(Sample("fanfare_due_commands", len(late), (step,)))
        found.append(Sample("fanfare_due_late_seconds", max(late, default=0), (step,)))
    found.append(Sample("fanfare_quarantined_events", len(vitals.quarantined)))
    found.append(Sample("fanfare_quarantine_waiting_events", sum(bool(each.rounds) for each in vitals.quarantined)))
    for each in vitals.notary:
        label = (str(each.partition),)
        found.append(Sample("fanfare_notary_signed_entries", each.signed, label))
        found.append(Sample("fanfare_notary_behind_entries", each.behind, label))
        found.append(Sample("fanfare_notary_behind_seconds", each.behind_s, label))
        found.append(Sample("fanfare_notary_doubt", int(bool(each.doubt)), label))
    for seen in vitals.witnesses:
        found.append(Sample("fanfare_witness_cosigned_entries", seen.size, (str(seen.partition), seen.name)))
        found.append(Sample("fanfare_witness_silent_seconds", seen.silent_s, (str(seen.partition), seen.name)))
    found.append(Sample("fanfare_database_bytes", vitals.database_bytes))
    if vitals.backup_at:
        found.append(Sample("fanfare_backup_age_seconds", int((vitals.at - vitals.backup_at).total_seconds())))
    mail = vitals.outbox
    for state, number in (("waiting", mail.waiting), ("failed", mail.failed), ("given-up", mail.given_up)):
        found.append(Sample("fanfare_outbox_mails", number, (state,)))
    found.append(Sample("fanfare_outbox_oldest_seconds", mail.oldest_s))
    found += [Sample("fanfare_sessions", number, (kind,)) for kind, number in vitals.sessions.items()]
    return found


def _of_reading(vitals: Vitals) -> list[Sample]:
    """Return how long the record is and how far it was read."""
    found = [Sample("fanfare_record_head", head, (str(partition),)) for partition, head in enumerate(vitals.heads)]
    for each in vitals.projections:
        for partition, (position, lag) in enumerate(zip(each.positions, each.lag, strict=True)):
            found.append(Sample("fanfare_projection_position", position, (each.name, str(partition))))
            found.append(Sample("fanfare_projection_lag_entries", lag, (each.name, str(partition))))
        found.append(Sample("fanfare_projection_lag_seconds", each.lag_s, (each.name,)))
        found.append(Sample("fanfare_projection_stopped", int(bool(each.stopped)), (each.name,)))
    for partition, lags in enumerate(zip(*(each.lag for each in vitals.projections if not each.stopped), strict=True)):
        found.append(Sample("fanfare_consumer_lag_entries", min(lags), (str(partition),)))
    for rebuild in vitals.rebuilds:
        found.append(Sample("fanfare_rebuild_done_entries", rebuild.done, (rebuild.name,)))
        found.append(Sample("fanfare_rebuild_of_entries", rebuild.of, (rebuild.name,)))
    return found
