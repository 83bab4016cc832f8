"""Promises and receipts of a running site, checked as a stranger does: with the ledger and the site's public keys alone."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.ledger.checkpoints import Checkpoint, Policy
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.receipts import ReceiptRefused, Step, verify_receipt
from fanfare.ledger.writing import to_base64
from fanfare.notary.keys import rotate
from fanfare.notary.promising import LOST, NO_KEY, Promising
from fanfare.notary.receipts import MOST_WAITING, Receipts, _Seen
from fanfare.notary.routes import Latest
from fanfare.platform.batch import Batcher
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.objects import in_memory
from fanfare.record.notary import key_name
from fanfare.record.position import Position
from fanfare.record.promises import Promise, check_entry, check_promise
from tests.notarised import execute, level, notarised
from tests.page_reader import an_open_round
from tests.site_fixture import ADDRESS, SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
WAIT = {"Prefer": "wait=10"}
UNKNOWN = "00" * 16


@pytest.fixture
async def site(database: str) -> AsyncIterator[SiteUnderTest]:
    async with running_site(database) as found:
        yield found


async def cast(fan: httpx2.AsyncClient, round_id: str, key: str = "k", number: int = 1) -> dict[str, Any]:
    """Cast a ballot and return its answer."""
    body = {"number": number, "options": ["o2"]}
    answer = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json=body, headers={"Idempotency-Key": key})
    return dict(answer.raise_for_status().json())


async def proven(site: SiteUnderTest, event_id: str, position: str = "") -> dict[str, Any]:
    """Return a receipt with its proof."""
    place = f"?position={position}" if position else ""
    answer = await site.stranger.get(f"/api/v1/receipts/{event_id}{place}", headers=WAIT)
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=10")
    return dict(answer.json())


async def signed_up_to(site: SiteUnderTest, partition: int, size: int) -> None:
    """Wait for a checkpoint of so many entries."""
    async with asyncio.timeout(30):
        while True:
            stored = await site.app.state.latest.of(str(partition))
            if stored and Checkpoint.parse(Note.parse(stored).text).size >= size:
                return
            await asyncio.sleep(0.05)


def policy_of(receipt: dict[str, Any]) -> Policy:
    return Policy(tuple(VerifierKey.parse(each) for each in receipt["keys"]))


def promise_in(answer: dict[str, Any], keys: list[str]) -> Promise:
    """Return the promise that an answer bears, checked."""
    index = Position.parse(answer["position"]).index
    known = [VerifierKey.parse(each) for each in keys]
    return check_promise(answer["promise"].encode(), known, answer["event_id"], index, answer["events_proof"])


async def test_a_ballot_is_promised_at_once_and_proven_before_the_deadline(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answer = await cast(await site.fan(), round_id)

    receipt = await proven(site, answer["event_id"])

    promise = promise_in(answer, receipt["promise_keys"])
    leaf = base64.b64decode(receipt["leaf"])
    place = Position.parse(answer["position"])
    check_entry(promise, place.partition, place.offset, leaf)
    shown = verify_receipt(receipt["proof"].encode(), leaf, policy_of(receipt))
    assert promise.record_name == ADDRESS
    assert (shown.index, shown.opened.checkpoint.origin) == (place.offset, f"{key_name(ADDRESS)}/record/{place.partition}")
    assert datetime.now(UTC) < promise.deadline
    assert answer["event_id"].encode() in leaf
    assert (receipt["type"], receipt["number"], receipt["why_no_promise"]) == ("fanfare.ballot.cast.v1", 1, None)


async def test_a_wrong_byte_anywhere_names_the_step_that_fails(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answers = [await cast(await site.fan(f"Fan {n}"), round_id) for n in range(3)]
    places = {Position.parse(each["position"]).partition: each for each in answers}
    receipt = await proven(site, next(iter(places.values()))["event_id"])
    proof, leaf, policy = receipt["proof"], base64.b64decode(receipt["leaf"]), policy_of(receipt)
    lines = proof.splitlines()
    other = await proven(site, answers[0]["event_id"])

    def failing(proof: str, leaf: bytes, policy: Policy = policy) -> Step:
        with pytest.raises(ReceiptRefused) as refused:
            verify_receipt(proof.encode(), leaf, policy)
        return refused.value.step

    root = lines.index(f"{key_name(ADDRESS)}/record/{Position.parse(receipt['position']).partition}") + 2
    assert failing(proof.replace("tlog-proof@v1", "tlog-proof@v2"), leaf) == Step.FORM
    assert failing(proof.replace(lines[root], to_base64(bytes(32))), leaf) == Step.SIGNATURE
    assert failing(proof.replace(lines[-1][-9], "B" if lines[-1][-9] == "A" else "A"), leaf) != Step.INCLUSION
    assert failing(proof, leaf + b" ") == Step.INCLUSION
    assert failing(proof.replace(lines[1], "index 7"), leaf) == Step.INCLUSION
    foreign = Policy((VerifierKey.parse(other["promise_keys"][0]),))
    assert failing(proof, leaf, foreign) == Step.SIGNATURE


async def test_the_same_request_again_gets_the_promise_again_from_whichever_process(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    first = await cast(fan, round_id)
    await proven(site, first["event_id"])

    again = await cast(fan, round_id)
    site.app.state.promising = Promising(site.parts.desk)
    elsewhere = await cast(fan, round_id)

    assert again == first
    keys = (await proven(site, first["event_id"]))["promise_keys"]
    one, other = promise_in(first, keys), promise_in(elsewhere, keys)
    assert (one.leaf, one.root, one.count, one.offset) == (other.leaf, other.root, other.count, other.offset)
    assert one.deadline <= other.deadline


async def test_ballots_of_one_entry_share_one_promise_and_each_is_shown_to_be_in_it(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fans = [await site.fan(f"Fan {number}") for number in range(30)]

    answers = await asyncio.gather(*(cast(fan, round_id) for fan in fans))

    keys = (await proven(site, answers[0]["event_id"]))["promise_keys"]
    promises = [promise_in(each, keys) for each in answers]
    entries = {(each.partition, each.offset) for each in promises}
    assert len({each["promise"] for each in answers}) == len(entries) < 30
    assert sum(each.count for each in set(promises)) == 30


async def test_an_event_that_is_no_ballot_is_proven_by_its_position(site: SiteUnderTest) -> None:
    first = (await site.parts.log.read(0, 0, 1))[0]
    event_id = first.body.split(b'"id":"')[1].split(b'"')[0].decode()

    receipt = await proven(site, event_id, "0:0:0")

    assert (receipt["type"], receipt["state"], receipt["terms"]) == ("fanfare.site.founded.v1", "recorded", None)
    assert base64.b64decode(receipt["leaf"]) == first.body
    verify_receipt(receipt["proof"].encode(), first.body, policy_of(receipt))
    check_entry(promise_in(receipt, receipt["promise_keys"]), 0, 0, first.body)


async def test_the_bare_proof_is_text(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answer = await cast(await site.fan(), round_id)
    receipt = await proven(site, answer["event_id"])

    bare = await site.stranger.get(f"/api/v1/receipts/{answer['event_id']}", headers={"Accept": "text/plain"})

    assert (bare.status_code, bare.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    verify_receipt(bare.content, base64.b64decode(receipt["leaf"]), policy_of(receipt))


async def test_before_it_is_signed_the_answer_says_when_to_ask_again(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answer = await cast(await site.fan(), round_id)
    nothing = in_memory()
    site.app.state.receipts = Receipts(site.parts.desk, nothing, Latest(nothing))
    path = f"/api/v1/receipts/{answer['event_id']}?position={answer['position']}"

    told = await site.stranger.get(path)
    bare = await site.stranger.get(path, headers={"Accept": "text/plain", "Prefer": "respond-async, wait=1"})

    assert (told.status_code, told.headers["retry-after"], told.headers["cache-control"]) == (202, "1", "no-store")
    assert "preference-applied" not in told.headers
    assert (told.json()["proof"], told.json()["promise"]) == (None, answer["promise"])
    assert told.json()["signed_by"] == answer["promise"].splitlines()[5]
    assert (bare.status_code, bare.content, bare.headers["preference-applied"]) == (202, b"", "wait=1")


NOT_THERE = {
    UNKNOWN: (404, "receipt-not-found"),
    f"{UNKNOWN}?position=0:0:0": (404, "event-not-there"),
    f"{UNKNOWN}?position=0:0:9": (404, "event-not-there"),
    f"{UNKNOWN}?position=1:999999999999999999:0": (404, "event-not-there"),
    f"{UNKNOWN}?position=99:0:0": (404, "event-not-there"),
    f"{UNKNOWN}?position=0:0:0%0A": (422, "invalid"),
    f"{UNKNOWN}?position=here": (422, "invalid"),
}


async def test_what_is_not_there_is_told_with_what_to_do(site: SiteUnderTest) -> None:
    answers = {path: await site.stranger.get(f"/api/v1/receipts/{path}") for path in NOT_THERE}

    assert {path: (each.status_code, each.json()["code"]) for path, each in answers.items()} == NOT_THERE
    assert all("2:118:4" in each.json()["detail"] for each in answers.values())


async def test_nobody_waits_for_a_ballot_that_is_in_no_record(site: SiteUnderTest) -> None:
    began = monotonic()

    answer = await site.stranger.get(f"/api/v1/receipts/{UNKNOWN}", headers=WAIT)

    assert (answer.status_code, answer.json()["code"]) == (404, "receipt-not-found")
    assert monotonic() - began < 5


async def test_a_ballot_that_was_not_read_yet_is_waited_for_with_one_look_for_all_who_wait(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answer = await cast(await site.fan(), round_id)
    receipts = site.app.state.receipts
    asked, ends = list[int](), monotonic() + 10
    look: Callable[[Sequence[str]], Awaitable[Sequence[_Seen]]] = receipts._look_for

    async def counted(event_ids: Sequence[str]) -> Sequence[_Seen]:
        asked.append(len(event_ids))
        return await look(event_ids)

    receipts._finding = Batcher(counted)

    found = await asyncio.gather(*(receipts._awaited(answer["event_id"], ends) for _ in range(50)))

    assert {each.event_id for each in found} == {answer["event_id"]}
    assert sum(asked) >= 50
    assert len(asked) < 40


async def test_a_ballot_is_waited_for_while_the_tables_are_behind_the_record_of_then_and_no_longer(site: SiteUnderTest) -> None:
    receipts = Receipts(site.parts.desk, in_memory(), Latest(in_memory()))
    looks = [_Seen(None, (1, 5), (1, 3)), _Seen(None, (1, 9), (1, 4)), _Seen(None, (1, 9), (1, 5)), _Seen(None, (1, 9), (1, 9))]

    async def look(event_ids: Sequence[str]) -> Sequence[_Seen]:
        return [looks.pop(0) for _ in event_ids]

    receipts._finding = Batcher(look)

    assert await receipts._awaited(UNKNOWN, monotonic() + 60) is None
    assert looks == [_Seen(None, (1, 9), (1, 9))]


async def test_where_too_many_wait_the_next_is_answered_at_once(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answer = await cast(await site.fan(), round_id)
    await proven(site, answer["event_id"])
    nothing = in_memory()
    receipts = site.app.state.receipts = Receipts(site.parts.desk, nothing, Latest(nothing))
    receipts._waiting = MOST_WAITING
    path = f"/api/v1/receipts/{answer['event_id']}"

    told = await site.stranger.get(path, headers=WAIT)
    receipts._waiting -= 1
    waited = await site.stranger.get(path, headers={"Prefer": "wait=1"})

    assert (told.status_code, "preference-applied" in told.headers) == (202, False)
    assert (waited.status_code, waited.headers["preference-applied"]) == (202, "wait=1")
    assert receipts._waiting == MOST_WAITING - 1


async def test_where_a_file_of_the_tree_is_missing_the_receipt_says_so_and_asks_to_come_back(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    answer = await cast(await site.fan(), round_id)
    place = Position.parse(answer["position"])
    await asyncio.gather(*(site.parts.log.append(place.partition, [b'{"padding":%d}' % n], alone=True) for n in range(299)))
    await proven(site, answer["event_id"])
    await signed_up_to(site, place.partition, 300)
    await site.app.state.objects.delete([f"record/{place.partition}/tile/0/000"])

    told = await site.stranger.get(f"/api/v1/receipts/{answer['event_id']}")

    assert (told.status_code, told.json()["code"], told.headers["retry-after"]) == (503, "file-missing", "1")


async def test_after_a_rotation_the_new_key_promises_and_the_old_promise_still_holds(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    before = await cast(fan, round_id)
    await rotate(site.parts.desk)
    after = await cast(fan, round_id, "k2", 2)

    keys = (await proven(site, after["event_id"]))["promise_keys"]

    assert len(keys) == 2
    assert promise_in(before, keys[:1]).record_name == promise_in(after, keys[1:]).record_name == ADDRESS


async def test_without_a_key_or_its_private_half_the_answer_has_no_promise_and_says_why(
    pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path
) -> None:
    site = await notarised(pool, log, tmp_path / "objects")
    promising = Promising(site.desk)

    early = await promising.of(Position(0, 0))
    await level(site)
    given, at_once = await asyncio.gather(promising.of(Position(0, 0)), promising.of(Position(0, 0)))
    await execute(site, "delete from vault.keys where name like 'notary %%'")
    lost = await Promising(site.desk).of(Position(0, 0))
    await execute(site, "alter table vault.keys rename to hidden")
    unread = await Promising(site.desk).of(Position(0, 0))

    assert unread == lost
    assert (early.promise, early.why_no_promise) == (None, NO_KEY)
    assert given.promise is not None
    assert at_once.promise == given.promise
    assert (lost.promise, lost.why_no_promise) == (None, LOST)
