"""Whoever alters what a running site serves is found by an audit of its address: by its own command, and with its exit code."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest

from fanfare.audit.audit_commands import Answering, Brought, run_audit_site
from fanfare.record.notary import origin
from tests.builders import SITE
from tests.tampering.alterations import flipped
from tests.tampering.forgeries import FORGERIES
from tests.tampering.ground import CLEAN_SITES, LONG, SEED, occasions, record
from tests.tampering.kinds import Hand, done, names, tree
from tests.tampering.published import Published, signed, with_manifest
from tests.tampering.rewound import REWINDS, pinned, told_anew
from tests.tampering.served import Served, is_bundle, listening, served
from tests.tampering.stories import keys_of
from tests.tampering.tally import TALLY
from tests.tampering.test_archives import forged, words

TIMES, FORGED = (14, 2) if LONG else (1, 1)
CHANGES = [*(FORGERIES if LONG else Random(SEED).sample(FORGERIES, 4)), *REWINDS]


class Heard(NamedTuple):
    """What an audit of a site answered."""

    code: int
    said: str
    by: set[str]


Ask = Callable[..., Heard]


@pytest.fixture(scope="module")
def host() -> Iterator[tuple[Served, str]]:
    """A site that serves whatever is put into it."""
    with listening() as found:
        yield found


@pytest.fixture
def ask(host: tuple[Served, str], capsysbinary: pytest.CaptureFixture[bytes]) -> Ask:
    """Return what audits a site at its address, as `fanfare audit` does."""
    held, address = host

    def asked(site: Served, **brought: Any) -> Heard:  # noqa: ANN401 - what Brought takes
        held.answers, held.kept = site.answers, site.kept
        code = asyncio.run(run_audit_site(address, Brought(**brought), Answering(now=datetime.now(UTC), json=True)))
        out, err = capsysbinary.readouterr()
        assert b"Traceback" not in err, err.decode()
        told = msgspec.json.decode(out)
        failing = [each for each in told["claims"] if not each["passed"]]
        said = "\n".join(
            [told["unchecked"] or "", *(f"{each['name']}: {line}" for each in failing for line in each["differences"])]
        )
        by = {"could not check"} if told["unchecked"] else {each["name"].split()[0] for each in failing}
        return Heard(code, said, by)

    return asked


class Tampered(NamedTuple):
    """What is served instead."""

    site: Served
    what: str
    where: tuple[str, ...]


Tamper = Callable[[Random, Published], Tampered]


def _with(site: Published, path: str, body: bytes, what: str, *where: str) -> Tampered:
    """Serve something else at one path."""
    found = served(site)
    found.answers[path] = body
    partition = re.match(r"/record/(\d)/", path)
    named = [
        re.escape(path.removeprefix("/")),
        *([tree(int(partition[1])), rf"(?<![\d:]){partition[1]}:\d"] if partition else []),
    ]
    return Tampered(found, f"{what} {path}", (*named, *where))


def bit_of_a_tile(random: Random, site: Published) -> Tampered:
    """Flip a bit of a tile of hashes."""
    all_of = served(site)
    path = random.choice([each for each in all_of.paths("/tile/") if not is_bundle(each)])
    return _with(site, path, flipped(random, all_of.answers[path]), "a bit of")


def bit_of_a_bundle(random: Random, site: Published) -> Tampered:
    """Flip a bit of a bundle of entries."""
    all_of = served(site)
    path = random.choice(all_of.paths("/tile/entries/"))
    return _with(site, path, flipped(random, all_of.answers[path]), "a bit of")


def bit_of_a_served_checkpoint(random: Random, site: Published) -> Tampered:
    """Flip a bit of a checkpoint."""
    all_of = served(site)
    path = random.choice(all_of.paths("/checkpoint"))
    return _with(site, path, flipped(random, all_of.answers[path]), "a bit of")


def bit_of_the_served_manifest(random: Random, site: Published) -> Tampered:
    """Flip a bit of the signed manifest."""
    return _with(site, "/record/manifest", flipped(random, site.manifest), "a bit of", "manifest")


def tile_cut_short(random: Random, site: Published) -> Tampered:
    """Cut the end of a tile or a bundle off."""
    all_of = served(site)
    path = random.choice(all_of.paths("/tile/"))
    body = all_of.answers[path]
    return _with(site, path, body[: random.randrange(len(body))], "cut short:")


def tiles_exchanged(random: Random, site: Published) -> Tampered:
    """Serve the bundle of a partition in the place of another one's."""
    all_of = served(site)
    one, other = random.sample(all_of.paths("/tile/entries/"), 2)
    tampered = _with(site, one, all_of.answers[other], "exchanged:")
    tampered.site.answers[other] = all_of.answers[one]
    return tampered._replace(where=(*tampered.where, re.escape(other.removeprefix("/").partition(".p/")[0])))


def tile_missing(random: Random, site: Published) -> Tampered:
    """Serve a tile or a bundle no more."""
    path = random.choice(served(site).paths("/tile/"))
    tampered = _with(site, path, b"", "missing:")
    del tampered.site.answers[path]
    return tampered


def figure_served_otherwise(random: Random, site: Published) -> Tampered:
    """Let a figure of a report be another one."""
    path = random.choice(served(site).paths("/report"))
    body = served(site).answers[path]
    start, end = random.choice([found.span(1) for found in re.finditer(rb'":(\d{1,6})(?=[,}])', body)])
    other = body[:start] + b"%d" % (int(body[start:end]) + 1) + body[end:]
    return _with(site, path, other, "a figure of", re.escape(path.split("/")[-2]))


def checkpoints_of_another_key(random: Random, site: Published) -> Tampered:
    """Sign everything with other keys, which the record does not name."""
    keys = keys_of(random, site.partitions)
    forged = with_manifest(signed(replace(site, keys=keys, signed_from=((0, keys),))))
    return Tampered(served(forged), "other keys", (r"(?m)^tree \d: ",))


TAMPERINGS: tuple[Tamper, ...] = (
    bit_of_a_tile,
    bit_of_a_bundle,
    bit_of_a_served_checkpoint,
    bit_of_the_served_manifest,
    tile_cut_short,
    tiles_exchanged,
    tile_missing,
    figure_served_otherwise,
    checkpoints_of_another_key,
)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=words)
def test_whatever_is_served_otherwise_is_named(ask: Ask, tamper: Tamper) -> None:
    wrong = []
    for random, site in islice(occasions(words(tamper), TIMES), TIMES):
        tampered = tamper(random, site)
        heard = ask(tampered.site)
        found, named = heard.code in (1, 2), names(heard.said, tampered.where)
        TALLY.add((words(tamper), Hand.CARRIER, "the address"), found=found, named=named, by=heard.by)
        wrong += [] if found and named else [f"{tampered.what} of record {site.seed}: {heard}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


@pytest.mark.parametrize("change", CHANGES, ids=words)
def test_a_site_that_was_signed_anew_is_found_with_a_checkpoint_that_was_saved(ask: Ask, tmp_path: Path, change: Any) -> None:  # noqa: ANN401 - a forgery or a rewinding
    wrong = []
    for honest, forgery in forged(f"served {words(change)}", FORGED, change):
        shown = forgery.site if change in REWINDS else done(forgery, honest, Hand.KEYS)
        saved = tmp_path / "checkpoint"
        saved.write_bytes(honest.history[forgery.partition][-1])
        heard = ask(served(shown), since=(saved,))
        where = (
            *forgery.where,
            re.escape(origin(SITE, forgery.partition)),
            rf"/record/{forgery.partition}/checkpoint is not there",
        )
        found, named = heard.code in (1, 2), names(heard.said, where)
        TALLY.add((words(change), Hand.KEYS, "the address, a checkpoint"), found=found, named=named, by=heard.by)
        wrong += [] if found and named else [f"{forgery.what} of record {honest.seed}: {heard}"]
        if change is told_anew:
            wrong += [] if ask(served(shown), key=pinned(honest)).code == 1 else [f"{forgery.what}, with a pinned key"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def test_an_honest_site_raises_nothing(ask: Ask, tmp_path: Path) -> None:
    wrong = []
    for number in range(CLEAN_SITES):
        site, saved = record(number), tmp_path / "checkpoint"
        saved.write_bytes(site.history[0][number % len(site.history[0])])
        heard = ask(served(site), since=(saved,), key=pinned(site))
        wrong += [f"record {number}: {heard}"] if heard.code else []
        TALLY.clean["audits of sites"] += not heard.code

    assert wrong == [], f"FANFARE_SEED={SEED}"
