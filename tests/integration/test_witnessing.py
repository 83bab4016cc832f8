"""A notary that shows its checkpoints to witnesses, some of whom answer what none should."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.growth import Submission
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note, signature_of
from fanfare.ledger.proofs import verify_consistency
from fanfare.ledger.ranges import root_of
from fanfare.notary.notary import Notary
from fanfare.notary.witnessing import Address, Witnessed, WitnessesWrong, Witnessing, addresses, witnesses
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.settings import Settings
from tests.notarised import Notarised, expire, notarised
from tests.site_fixture import listening
from tests.watched import WITNESS

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
OTHER = SignerKey("club.example/witness", Kind.COSIGNATURE, b"c" * 32)
AT_S = 1_783_166_400


@dataclass
class Answering:
    """A witness that answers what a test says, and keeps what it was asked."""

    answer: Callable[[Submission], Awaitable[Response]]
    asked: list[Submission] = field(default_factory=list)

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[str]:
        """Serve it."""

        async def add(request: Request) -> Response:
            self.asked.append(Submission.parse(await request.body()))
            return await self.answer(self.asked[-1])

        app = Starlette(routes=[Route("/add-checkpoint", add, methods=["POST"])])
        async with listening(app) as (_, address):  # type: ignore[arg-type]
            yield address


async def signs(submission: Submission) -> Response:
    """Cosign whatever comes."""
    return Response(str(signature_of(submission.checkpoint.text, WITNESS, AT_S)))


@pytest.fixture
async def site(pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path) -> Notarised:
    return await notarised(pool, log, tmp_path, partitions=4)


class Showing:
    """The notary of a site with one witness, without a worker: a test says when each does its work."""

    def __init__(self, site: Notarised, url: str) -> None:
        """Show checkpoints at *url*."""
        self.site, self.address = site, Address(url, WITNESS.verifier)
        self.showing = Witnessing(site.pool, site.objects, [self.address])
        self.notary = Notary(site.desk, site.objects, self.showing)

    async def sign(self) -> None:
        """Sign what there is."""
        await self.notary.run()
        await self.notary.run()

    async def tend(self) -> None:
        """Show it, however lately somebody did not answer."""
        self.showing._asked[self.address].rests.clear()
        await self.showing.tend(self.address, self.notary.take)

    async def told(self, partition: int = 0) -> Witnessed:
        """Return what the pages are told."""
        async with self.site.pool.connection() as connection:
            return next(each for each in await witnesses(connection) if each.partition == partition)

    def note(self, partition: int = 0) -> Note:
        """Return what is published."""
        return Note.parse((self.site.folder / f"record/{partition}/checkpoint").read_bytes())


async def test_a_cosignature_comes_under_the_published_checkpoint_and_the_manifest_follows(site: Notarised) -> None:
    witness = Answering(signs)
    async with witness.heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        before = (site.folder / "record/manifest").read_bytes()
        await shown.tend()
        await shown.sign()
        await shown.tend()

    assert shown.note().check([WITNESS.verifier])[0].at_s == AT_S
    assert (site.folder / "record/manifest").read_bytes() != before
    assert len(witness.asked) == 4
    told = await shown.told()
    assert (told.name, told.size, told.silent_since) == (WITNESS.name, (await site.log.heads())[0], None)
    assert told.at == datetime.fromtimestamp(AT_S, tz=told.at.tzinfo if told.at else None)


async def test_what_a_witness_signed_stays_when_another_process_becomes_the_notary(site: Notarised) -> None:
    async with Answering(signs).heard() as url:
        first = Showing(site, url)
        await first.sign()
        await first.tend()
        await expire(site)
        second = Showing(site, url)
        await second.sign()

    assert second.note().check([WITNESS.verifier])


async def test_a_witness_that_is_further_names_its_size_and_gets_a_proof_from_there(site: Notarised) -> None:
    witness = Answering(signs)

    async def from_two(submission: Submission) -> Response:
        if submission.old_size != 2 and submission.checkpoint.text.split(b"\n")[0].endswith(b"/0"):
            return Response("2\n", 409, {"Content-Type": "text/x.tlog.size"})
        return await signs(submission)

    witness.answer = from_two
    await site.append(0, 300)
    async with witness.heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        await shown.tend()

    asked = [each for each in witness.asked if each.checkpoint == Note(shown.note().text, each.checkpoint.signatures)]
    assert [each.old_size for each in asked] == [0, 2]
    assert asked[1].proof
    assert shown.note().check([WITNESS.verifier])


async def other_key(submission: Submission) -> Response:
    """Answer with somebody else's signature."""
    return Response(str(signature_of(submission.checkpoint.text, OTHER, AT_S)))


async def other_text(submission: Submission) -> Response:
    """Answer with a signature of something else."""
    return Response(str(signature_of(submission.checkpoint.text + b"more\n", WITNESS, AT_S)))


async def book(submission: Submission) -> Response:
    """Answer with more than anybody reads."""
    del submission
    return Response(bytes(1_000_000))


async def refusal(submission: Submission) -> Response:
    """Answer that an alarm stands."""
    del submission
    return Response("An alarm stands.\n", 503)


async def unprintable(submission: Submission) -> Response:
    """Answer with a character that PostgreSQL keeps in no text."""
    del submission
    return Response("one\0two", 503)


async def ahead(submission: Submission) -> Response:
    """Answer that more was cosigned than there is."""
    del submission
    return Response("9000\n", 409, {"Content-Type": "text/x.tlog.size"})


async def forked(submission: Submission) -> Response:
    """Answer that another root of this size was cosigned."""
    return Response(submission.checkpoint.text.split(b"\n")[1] + b"\n", 409, {"Content-Type": "text/x.tlog.size"})


async def elsewhere(submission: Submission) -> Response:
    """Send the site to another address."""
    del submission
    return Response(b"", 307, {"Location": "http://127.0.0.1:1/"})


ANSWERS = {
    "her cosignature": other_key,
    "cosignature of this checkpoint": other_text,
    "more than": book,
    "503: An alarm stands": refusal,
    "503: one two": unprintable,
    "set back": ahead,
    "signed two": forked,
    "She answered 307": elsewhere,
}


@pytest.mark.parametrize("why", ANSWERS)
async def test_what_is_no_cosignature_is_not_published_and_is_told_of(site: Notarised, why: str) -> None:
    await site.append(0, 3)
    async with Answering(ANSWERS[why]).heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        before = shown.note()
        await shown.tend()
        asked = await shown.told()
        first = asked.silent_since
        await shown.tend()

    assert shown.note() == before
    assert first is not None
    assert why in asked.why
    assert (await shown.told()).silent_since == first


async def test_a_witness_that_never_answers_holds_nothing_up(site: Notarised, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanfare.notary.witnessing.PATIENCE_S", 0.2)
    waits = asyncio.Event()

    async def never(submission: Submission) -> Response:
        await waits.wait()
        return await signs(submission)

    async with Answering(never).heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        tending = asyncio.create_task(shown.tend())
        await asyncio.sleep(0)
        await site.append(0, 3)
        await shown.sign()
        assert (
            Note.parse((site.folder / "record/0/checkpoint").read_bytes()).text.split(b"\n")[1]
            == str((await site.log.heads())[0]).encode()
        )
        await tending
        waits.set()
        await shown.tend()
        assert shown.note().check([WITNESS.verifier])


async def test_an_alarm_that_stands_for_one_partition_holds_no_other_up(site: Notarised) -> None:
    async def of_all_but_0(submission: Submission) -> Response:
        return await (refusal if submission.checkpoint.text.split(b"\n")[0].endswith(b"/0") else signs)(submission)

    async with Answering(of_all_but_0).heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        await shown.showing.tend(shown.address, shown.notary.take)

    assert (await shown.told(0)).silent_since
    assert [len(shown.note(partition).signatures) for partition in range(4)] == [1, 2, 2, 2]


async def test_while_there_is_nothing_to_show_no_connection_is_made_ready(
    site: Notarised, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Answering(signs)
    async with witness.heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        await shown.tend()
        monkeypatch.delattr(httpx2, "AsyncClient")
        await shown.tend()

    assert len(witness.asked) == 4


async def test_a_partial_tile_that_a_late_writer_left_beside_a_full_one_goes_into_no_proof(site: Notarised) -> None:
    async def from_two(submission: Submission) -> Response:
        if submission.old_size != 2:
            return Response("2\n", 409, {"Content-Type": "text/x.tlog.size"})
        return await signs(submission)

    witness = Answering(from_two)
    await site.append(0, 10)
    async with witness.heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        early = Checkpoint.parse(shown.note().text)
        stored = bytes(shown.note())
        await site.append(0, 300)
        await shown.sign()
        late = site.folder / f"record/0/tile/0/000.p/{early.size}"
        late.parent.mkdir(exist_ok=True)
        late.write_bytes(bytes(32 * early.size))
        shown.showing.offer(0, stored)
        await shown.showing.tend(shown.address, shown.notary.take)

    proof = next(each.proof for each in witness.asked if each.old_size == 2 and each.checkpoint.text == early.text)
    begun = root_of(leaf_hash(each.body) for each in await site.log.read(0, 0, 2))
    verify_consistency(2, early.size, begun, early.root, proof)


async def test_a_witness_that_left_the_setting_is_told_of_no_more_even_where_it_was_the_only_one(site: Notarised) -> None:
    async with Answering(refusal).heard() as url:
        shown = Showing(site, url)
        await shown.sign()
        await shown.tend()
    await expire(site)
    later = Notary(site.desk, site.objects, Witnessing(site.pool, site.objects, ()))

    await later.run()

    async with site.pool.connection() as connection:
        assert list(await witnesses(connection)) == []


def test_the_setting_names_addresses_and_keys() -> None:
    setting = f"https://a.example/ {WITNESS.verifier},\nhttp://b.example/w {OTHER.verifier}"

    found = addresses(setting)

    assert [each.url for each in found] == ["https://a.example", "http://b.example/w"]
    assert [each.key for each in found] == [WITNESS.verifier, OTHER.verifier]
    assert addresses("") == addresses(" , ") == ()


WRONG = {
    "names 'a.example' where an address is due": f"a.example {WITNESS.verifier}",
    "has no key behind https://a.example": "https://a.example",
    "has no key behind": "https://a.example https://b.example",
    "a log's key": f"https://a.example {SignerKey('fanfare.example', Kind.NOTE, b'l' * 32).verifier}",
    "names a witness twice": f"https://a.example {WITNESS.verifier} https://b.example {WITNESS.verifier}",
    "where an address is due": f"{WITNESS.verifier} https://a.example",
    "names 'https://a.example:port' where": f"https://a.example:port {WITNESS.verifier}",
    r"names 'http://\[::1' where": f"http://[::1 {WITNESS.verifier}",
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_setting_is_refused_with_a_sentence(why: str) -> None:
    with pytest.raises(WitnessesWrong, match=why):
        addresses(Settings(witnesses=WRONG[why]).witnesses)
