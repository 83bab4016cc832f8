"""A witness who saw a site as it was: what whoever has the keys tells otherwise afterwards she notices, and does not cosign."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from fanfare.ledger.keys import Kind, SignerKey
from fanfare.record.notary import origin
from fanfare.witness.alarms import Alarms
from fanfare.witness.cosigning import Cosigner
from fanfare.witness.following import Follower
from fanfare.witness.pinned import Pinned
from fanfare.witness.site import Site
from tests.builders import SITE
from tests.tampering.forgeries import FORGERIES
from tests.tampering.ground import CLEAN_SITES, LONG, SEED, record
from tests.tampering.kinds import Forge, Hand, done
from tests.tampering.published import Published
from tests.tampering.rewound import REWINDS, Rewind, told_anew, until
from tests.tampering.served import served
from tests.tampering.tally import TALLY
from tests.tampering.test_archives import forged, words

pytestmark = pytest.mark.anyio
TIMES = 3 if LONG else 1
_numbers = count()


class Watching:
    """A witness with a folder of her own, and what she says. Mutable."""

    def __init__(self, home: Path) -> None:
        """Begin with nothing seen; less than was seen is an alarm at once."""
        home.mkdir()
        self.pinned = Pinned(home)
        self.alarm = Alarms(home, self.pinned, "", lambda: datetime.now(UTC))
        signer = SignerKey("witness.example", Kind.COSIGNATURE, bytes(32))
        self.cosigner = Cosigner(home, signer, self.pinned, self.alarm, lambda: datetime.now(UTC))

    async def look(self, site: Published) -> str:
        """Look at a site, and return what she says of it; nothing where all is well."""
        async with served(site).client() as client:
            follower = Follower(Site(SITE, client), self.cosigner, self.alarm, insists_s=0)
            await follower.look()
        alarms = [f"{name}: {alarm}" for name in self.pinned.origins() if (alarm := self.cosigner.seen(name).alarm)]
        return "\n".join([*alarms, *(f"{name}: {why}" for name, (_, why) in follower.troubles.items())])

    @property
    def alarmed(self) -> set[str]:
        """Return the logs for which an alarm stands."""
        return {name for name in self.pinned.origins() if self.cosigner.seen(name).alarm}


@pytest.fixture
def watching(tmp_path: Path) -> Callable[[], Watching]:
    """Make witnesses."""
    return lambda: Watching(tmp_path / f"witness{next(_numbers)}")


@pytest.mark.parametrize("change", [*FORGERIES, *REWINDS], ids=words)
async def test_a_witness_notices_what_is_signed_anew(watching: Callable[[], Watching], change: Forge | Rewind) -> None:
    wrong = []
    for honest, forgery in forged(f"witnessed {words(change)}", TIMES, change):
        witness = watching()
        assert await witness.look(honest) == ""
        shown = forgery.site if change in REWINDS else done(forgery, honest, Hand.KEYS)
        said = await witness.look(shown)
        name = origin(SITE, forgery.partition)
        found, named = bool(said), name in said or (change is told_anew and "key" in said)
        by = {"an alarm" if witness.alarmed else "no cosignature"} if found else set[str]()
        TALLY.add((words(change), Hand.KEYS, "a witness"), found=found, named=named, by=by)
        if not (found and named):
            wrong.append(f"{forgery.what}: {said!r}")

    assert wrong == [], f"FANFARE_SEED={SEED}"


async def test_a_witness_of_an_honest_site_that_grows_says_nothing(watching: Callable[[], Watching]) -> None:
    wrong = []
    for number in range(CLEAN_SITES):
        site, witness = record(number), watching()
        said = [await witness.look(until(site, point)) for point in site.points]
        wrong += [f"record {number}: {each}" for each in said if each]
        TALLY.clean["records followed by a witness"] += not wrong

    assert wrong == [], f"FANFARE_SEED={SEED}"


async def test_two_states_of_one_size_are_a_fork_with_evidence(watching: Callable[[], Watching], tmp_path: Path) -> None:
    honest, forgery = forged("evidence", 1, FORGERIES[0])[0]
    witness = watching()
    await witness.look(honest)

    await witness.look(done(forgery, honest, Hand.KEYS))

    assert origin(SITE, forgery.partition) in witness.alarmed
    evidence = [folder for folder, _, files in os.walk(tmp_path) if "fork" in folder and len(files) > 1]
    assert len(evidence) == len(witness.alarmed)
