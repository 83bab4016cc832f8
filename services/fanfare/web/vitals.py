"""How the site is at one moment: what metrics, the operator's page and its JSON twin are made of. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from fanfare.record.campaigns import Campaign


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProjectionVitals(_Part):
    """How far a projection has come."""

    name: str
    version: int
    stopped: str
    """Where and why; empty while it runs."""
    positions: list[int]
    """The next offset that it applies, of each partition."""
    lag: list[int]
    """Entries not applied yet, of each partition."""
    lag_s: float
    """How long it has been behind, at least."""


class RebuildVitals(_Part):
    """New tables of a projection that fill beside the old ones."""

    name: str
    done: int
    """Entries that they have."""
    of: int
    stopped: str


class BrokerVitals(_Part):
    """A broker that FANFARE_KAFKA_BROKERS names."""

    address: str
    answers: bool
    """Whether it takes connections."""


class RecordVitals(_Part):
    """Where the record is kept."""

    place: Literal["postgresql", "kafka"] = "postgresql"
    topic: str = ""
    brokers: list[BrokerVitals] = []
    answers: bool = True
    """Whether it could be read; where not, the heads are those that were seen last."""


class OutboxVitals(_Part):
    """Mails that have not left."""

    waiting: int = 0
    failed: int = 0
    given_up: int = 0
    oldest_s: float = 0
    failures: list[str] = []


class Due(_Part):
    """A step of a round whose time has passed."""

    step: str
    """open, close or seal."""
    round: str
    campaign: str
    late_s: int


class RunnerVitals(_Part):
    """A process of the site."""

    name: str
    kind: str
    version: str
    started_at: datetime
    silent_s: float
    """How long ago it told of itself."""
    resident_bytes: int
    machine: str = ""
    """Or the container in which it runs."""
    partitions: list[int] = []
    """What it brings to projections; empty for what is no worker."""


class FaultVitals(_Part):
    """An error of ours that was logged."""

    at: datetime
    what: str
    where: str
    error: str
    id: str
    request: str
    process: str


class QuarantinedVitals(_Part):
    """An event of the record that cannot be read."""

    position: str
    why: str
    rounds: list[str]
    """Those that may hold it and are not sealed, and whose hosts have not ruled on it: each waits for that."""
    rulings: int


class NotaryVitals(_Part):
    """How far the notary is with a partition."""

    partition: int
    signed: int
    """Entries that the last checkpoint covers."""
    behind: int
    """Entries that it does not cover yet."""
    behind_s: float
    """How long it has been behind, at least."""
    signed_at: datetime | None
    swept_at: datetime | None
    """When all of the partition was last compared with what was signed."""
    doubt: str
    """Why nothing more is signed; empty while all is well."""


class WitnessVitals(_Part):
    """How far a witness is with a partition."""

    name: str
    partition: int
    size: int
    """Entries that the checkpoint covers that she cosigned last."""
    at: datetime | None
    silent_s: float
    """How long she has not cosigned what is newer; 0 while all is well."""
    silent_since: datetime | None
    why: str
    """What came in place of a cosignature."""


class Disk(_Part):
    """The disk on which the data folder lies."""

    free_bytes: int
    size_bytes: int


class Vitals(_Part):
    """How the site is, at one moment."""

    at: datetime
    version: str
    database: bool
    """Whether the database answers; where it does not, what follows is empty."""
    record: RecordVitals = RecordVitals()
    heads: list[int] = []
    """The next offset of each partition of the record."""
    projections: list[ProjectionVitals] = []
    rebuilds: list[RebuildVitals] = []
    outbox: OutboxVitals = OutboxVitals()
    due: list[Due] = []
    sessions: dict[str, int] = {}
    sealed_ballots: dict[str, int] = {}
    """Ballots of all sealed rounds, by what became of them."""
    processes: list[RunnerVitals] = []
    faults: list[FaultVitals] = []
    """The latest of each process, newest first."""
    notary: list[NotaryVitals] = []
    """Of each partition, once it has begun."""
    witnesses: list[WitnessVitals] = []
    """Of each witness and partition, once she was asked."""
    quarantined: list[QuarantinedVitals] = []
    """Events of the record that cannot be read, the latest first, at most 100."""
    backup_at: datetime | None = None
    """When `fanfare backup` last made one of this data folder."""
    disk: Disk | None = None
    database_bytes: int = 0


def due(campaigns: Iterable[Campaign], now: datetime) -> list[Due]:
    """Return the steps of rounds whose time has passed and which are not done, the latest first."""
    found: list[Due] = []
    for campaign in campaigns:
        for each in campaign.rounds:
            closes_at = each.closes_at or each.plan.closes_at
            times = {"planned": ("open", each.plan.opens_at), "open": ("close", closes_at)}
            step, at = times.get(each.status, ("seal", closes_at))
            if each.status in ("planned", "open", "closing", "closed") and (at < now or step == "seal"):
                late_s = max(0, int((now - at).total_seconds()))
                found.append(Due(step=step, round=each.id, campaign=campaign.id, late_s=late_s))
    return sorted(found, key=lambda each: -each.late_s)
