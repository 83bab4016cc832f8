"""The browser's check of a receipt says what Python's says, of every change; where a browser cannot compute, nothing passes."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.notes import Note
from fanfare.ledger.receipts import Receipt, ReceiptRefused, Step, verify_receipt
from fanfare.ledger.writing import to_base64
from fanfare.record.promises import Promise, check_entry, check_promise
from tests import receipt_vectors as vectors
from tests.journeys import preview

pytestmark = pytest.mark.browser

CHANGES = 600
FIVE = """async ([cases, trusted]) => {
  const { checkedProof } = await import("/static/js/proof.js");
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const said = [];
  for (const [proof, entry] of cases) {
    let last = null;
    for await (last of checkedProof(bytes(proof), bytes(entry), trusted));
    said.push(last.state === "fails" ? last.step : "");
  }
  return said;
}"""
ALL = """async ([answer, trusted]) => {
  const { checked } = await import("/static/js/proof.js");
  const said = {};
  for await (const { step, state } of checked(answer, trusted)) said[step] = state;
  return said;
}"""
PROMISES = """async ([cases, answer, trusted]) => {
  const { checked } = await import("/static/js/proof.js");
  const said = [];
  for (const promise of cases) {
    let failed = "";
    for await (const { step, state } of checked({ ...answer, promise }, trusted)) if (state === "fails") failed ||= step;
    said.push(failed);
  }
  return said;
}"""
HOLDS = dict.fromkeys(["form", "signature", "checkpoint", "witnesses", "inclusion", "event", "promise", "among"], "holds")
NO_ED25519 = """
const known = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (form, key, name, ...more) {
  if (name === "Ed25519") return Promise.reject(new DOMException("", "NotSupportedError"));
  return known.call(this, form, key, name, ...more);
};"""
"""Makes a browser of one that knows the algorithm into one that does not."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Yield the address of the samples."""
    with preview.served() as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """Yield a page of the site, under the pages' policy."""
    opened = browser.new_page()
    opened.goto(f"{site}/receipt")
    yield opened
    opened.close()


def in_python(proof: bytes, entry: bytes) -> str:
    """Return the step that fails, as the ledger says; empty where all hold."""
    try:
        verify_receipt(proof, entry, vectors.POLICY)
    except ReceiptRefused as refused:
        return str(refused.step)
    return ""


def test_a_place_behind_the_end_of_a_log_of_one_entry_is_not_in_it(page: Page) -> None:
    entry = vectors.made().entry
    note = Note(Checkpoint(vectors.LOG.name, 1, leaf_hash(entry)).text).signed(vectors.LOG)
    cases = [(bytes(Receipt(index, (), note)), entry) for index in (0, 1)]
    written = [[base64.b64encode(each).decode() for each in case] for case in cases]

    assert page.evaluate(FIVE, [written, vectors.trusted(quorum=0)]) == ["", "inclusion"]


def test_browser_and_ledger_agree_on_which_step_fails_of_hundreds_of_changed_receipts(page: Page) -> None:
    cases = [(vectors.made().proof, vectors.made().entry), *vectors.changed(CHANGES)]
    written = [[base64.b64encode(each).decode() for each in case] for case in cases]

    said: list[str] = page.evaluate(FIVE, [written, vectors.trusted()])

    expected = [in_python(*case) for case in cases]
    assert [(at, here, there) for at, (here, there) in enumerate(zip(said, expected, strict=True)) if here != there] == []
    assert expected[0] == ""
    assert set(expected) == {"", *Step} - {Step.CHECKPOINT}  # for that a log would have to sign something else: the next test


def promise_in_python(note: bytes) -> str:
    """Return the step that fails of a promise, as the record's module says; empty where both hold."""
    whole = vectors.made()
    try:
        promise = Promise.parse(Note.parse(note).text)
        check_entry(promise, vectors.PARTITION, vectors.OFFSET, whole.entry)
    except (Malformed, NotProven):
        return "promise"
    if promise.record_name != vectors.RECORD:
        return "promise"
    proof = list(map(to_base64, whole.events_proof))
    try:
        check_promise(note, [vectors.PROMISES.verifier], vectors.event_id(vectors.INDEX), vectors.INDEX, proof)
    except NotProven:
        return "among"
    return ""


def test_browser_and_record_agree_on_promises_that_were_changed_and_signed_again(page: Page) -> None:
    cases = [vectors.made().promise, *vectors.promises(CHANGES // 2)]
    whole, trusted = vectors.made().answer(), vectors.trusted()

    said = page.evaluate(PROMISES, [[each.decode() for each in cases], whole, trusted])

    expected = [promise_in_python(each) for each in cases]
    assert [(cases[at], here, there) for at, (here, there) in enumerate(zip(said, expected, strict=True)) if here != there] == []
    assert set(expected) == {"", "promise", "among"}


def test_whole_receipts_hold_and_a_missing_witness_or_a_signed_thing_that_is_no_checkpoint_is_named(page: Page) -> None:
    whole = vectors.made().answer()
    note = Note(b"anything else\n").signed(vectors.LOG)
    strange = whole["proof"].partition("\n\n")[0] + "\n\n" + bytes(note).decode()

    assert page.evaluate(ALL, [whole, vectors.trusted()]) == HOLDS
    assert page.evaluate(ALL, [whole, vectors.trusted(quorum=3)])["witnesses"] == "fails"
    assert page.evaluate(ALL, [{**whole, "proof": strange}, vectors.trusted()])["checkpoint"] == "fails"
    assert in_python(strange.encode(), vectors.made().entry) == "checkpoint"


@pytest.mark.parametrize("part", vectors.PARTS)
def test_a_changed_byte_of_each_part_fails_at_its_step_and_none_behind_it_is_told_to_hold(page: Page, part: str) -> None:
    _, step, answer, trusted = next(vectors.with_parts([part]))

    said: dict[str, str] = page.evaluate(ALL, [answer, trusted])

    assert next(name for name, state in said.items() if state == "fails") == step
    assert list(said) == list(HOLDS)
    chain = list(HOLDS)[:6] if step not in ("promise", "among") else list(HOLDS)[6:]
    assert {said[each] for each in chain[chain.index(step) + 1 :]} <= {"unreached"}


def test_what_is_not_signed_yet_waits_and_is_not_told_to_hold(page: Page) -> None:
    answer: dict[str, Any] = {**vectors.made().answer(), "proof": None}

    said = page.evaluate(ALL, [answer, vectors.trusted()])

    assert said == {**dict.fromkeys(list(HOLDS)[:6], "waits"), "promise": "holds", "among": "holds"}


def test_a_browser_without_ed25519_says_which_steps_it_could_not_check(browser: Browser, site: str) -> None:
    old = browser.new_page()
    old.add_init_script(NO_ED25519)
    old.goto(f"{site}/receipt")
    forged = {**vectors.made().answer(), "proof": vectors.made().proof.decode().replace("stranger", "strangex")}

    for answer in (vectors.made().answer(), forged):
        said = old.evaluate(ALL, [answer, vectors.trusted()])
        assert said == {**HOLDS, **dict.fromkeys(("signature", "witnesses", "promise"), "unable")}
    assert old.evaluate(ALL, [{**forged, "leaf": "AAAA"}, vectors.trusted()])["inclusion"] == "fails"
    old.close()


def test_a_browser_that_computes_nothing_passes_nothing(browser: Browser, site: str) -> None:
    old = browser.new_page()
    old.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })")
    old.goto(f"{site}/receipt")

    assert old.evaluate(ALL, [vectors.made().answer(), vectors.trusted()]) == dict.fromkeys(HOLDS, "unable")
    old.close()
