"""As of a moment: every figure of the reports as it was then."""

from collections.abc import Iterator
from datetime import UTC, datetime

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.course import Address
from fanfare.audit.claims import Progress, silent
from fanfare.audit.questions.passage import CannotAnswer, Passage, within
from fanfare.record.decisions import Streams
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.kinds import canonical
from fanfare.record.position import Moment
from fanfare.reports.recount import Recount
from fanfare.reports.report import CampaignReport, RoundReport

KINDS = {"round": "rounds", "campaign": "campaigns"}
Report = RoundReport | CampaignReport


def address_of(what: str) -> Address:
    """
    Read ``round:ID`` or ``campaign:ID``.

    Raises:
        CannotAnswer: *what* is neither.
    """
    kind, _, name = what.partition(":")
    if kind not in KINDS or not name:
        raise CannotAnswer(f"{what!r} is neither round:ID nor campaign:ID")
    return Address(KINDS[kind], name)


def moment_of(archive: Archive, written: str, progress: Progress = silent) -> Moment:
    """
    Read a moment: entries of each partition (``12,5,6,7``), or a time with its zone (``2026-11-11T12:30:00Z``).

    By a time, each partition counts up to and without its first entry that holds an event later than that. The time of an event
    is that of its writer, and a ballot's is cut down to the minute, so a ballot of 12:30:40 counts at 12:30:00.

    Raises:
        CannotAnswer: it is neither, or beyond the record.
    """
    end = archive.manifest.moment
    if written.replace(",", "").replace(" ", "").isdecimal() and written.isascii():
        counts = [each.strip() for each in written.split(",")]
        moment = tuple(int(each) for each in counts if each)
        if len(moment) != len(counts) or not within(moment, end):
            raise CannotAnswer(f"{written!r} is beyond the record, which ends at the moment {shown(end)}, or not written like it")
        return moment
    try:
        time = datetime.fromisoformat(written)
    except ValueError as error:
        message = f"{written!r} is neither a moment, such as {shown(end)}, nor a time, such as 2026-11-11T12:30:00Z"
        raise CannotAnswer(message) from error
    if time.tzinfo is None:
        raise CannotAnswer(f"{written!r} does not say its zone: end it with Z for UTC, or with +01:00")
    return tuple(_until(archive, partition, time.astimezone(UTC), progress) for partition in range(len(end)))


def _until(archive: Archive, partition: int, time: datetime, progress: Progress) -> int:
    offset = -1
    for offset, body in archive.entries(partition):
        if offset % 100 == 0:
            progress(f"looking for the time in partition {partition}", offset, archive.manifest.moment[partition])
        if any(isinstance(each, Recorded) and each.time > time for each in unpack(partition, offset, body).events):
            return offset
    return offset + 1


def shown(moment: Moment) -> str:
    """Return a moment as it is written on the command line."""
    return ",".join(map(str, moment))


def as_of(archive: Archive, moment: Moment, what: str = "", progress: Progress = silent) -> list[Report]:
    """
    Return the report of a round or a campaign, or (asked for nothing) every report there was, as of *moment*.

    Raises:
        CannotAnswer: the record knew no such round or campaign then.
    """
    fold = Recount(len(moment))
    for entry in Passage(archive, progress).to(moment):
        fold.apply(entry)
    addresses = [address_of(what)] if what else _addresses(fold.streams)
    return [report_of(fold, each) for each in addresses]


def _addresses(streams: Streams) -> Iterator[Address]:
    for campaign_id, campaign in sorted(streams.campaigns.items()):
        if campaign.id:
            yield Address("campaigns", campaign_id)
            yield from (Address("rounds", each.id) for each in campaign.rounds)


def report_of(fold: Recount, address: Address) -> Report:
    """
    Return the report of a round or a campaign at the present moment of *fold*.

    Raises:
        CannotAnswer: the record knows no such thing at this moment.
    """
    try:
        return fold.round_report(address.id) if address.kind == "rounds" else fold.campaign_report(address.id)
    except LookupError as error:
        raise CannotAnswer(f"{error.args[0]} at the moment {shown(fold.moment)}") from error


def as_json(moment: Moment, reports: list[Report]) -> bytes:
    """Return reports, each as it would be published, as one canonical JSON line."""
    return canonical({"schema": "fanfare.as-of.v1", "moment": moment, "reports": reports}) + b"\n"
