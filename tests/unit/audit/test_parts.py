"""The parts of an audit: chains of moments, places of differences, hashes of texts, frames."""

from itertools import pairwise

import pytest

from fanfare.audit.archives.bundles import Broken, StoredText, framed, frames, line, lines
from fanfare.audit.checks.compare import differences
from fanfare.audit.checks.course import text_hashes
from fanfare.audit.checks.fold import chains
from fanfare.audit.claims import MOST_DIFFERENCES, Claim, Outcome, as_json, as_table, claim
from fanfare.record.campaigns import RoundOpened, RoundReworded
from fanfare.record.catalogue import EVENTS
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.examples import EXAMPLES
from fanfare.record.ideas import IdeaEdited
from fanfare.record.members import MemberJoined
from tests.builders import ASK, HOST, a_plan, text


@pytest.mark.parametrize(
    ("moments", "count"),
    [
        ([(1, 1), (1, 2), (3, 2), (3, 2)], 1),
        ([(2, 1), (1, 2)], 2),
        ([(5,), (5, 0)], 2),
        ([(3, 0), (0, 3), (3, 3)], 2),
        ([(0, 0)], 1),
    ],
)
def test_moments_that_hold_one_another_make_one_chain(moments: list[tuple[int, ...]], count: int) -> None:
    found = chains(moments)

    assert len(found) == count
    assert sorted(each for chain in found for each in chain) == sorted(set(moments))
    assert all(
        one <= other for chain in found for before, after in pairwise(chain) for one, other in zip(before, after, strict=True)
    )


@pytest.mark.parametrize(
    ("published", "recomputed", "told"),
    [
        (b'{"a":1}', b'{"a":1}', []),
        (b'{"a":[{"b":1}]}', b'{"a":[{"b":2}]}', ["$.a[0].b: published 1, recomputed 2"]),
        (b'{"a":[1]}', b'{"a":[1,2]}', ["$.a: published 1 of them, recomputed 2"]),
        (b'{"a":1}', b'{"b":1}', ["$.a: published 1, recomputed nothing", "$.b: published nothing, recomputed 1"]),
        (b'{"a":1.0}', b'{"a":1}', ["$.a: published 1.0, recomputed 1"]),
        (b'{"a":true}', b'{"a":1}', ["$.a: published true, recomputed 1"]),
        (b'{"a":null}', b'{"a":{}}', ["$.a: published null, recomputed {}"]),
        (b'{"a": 1}', b'{"a":1}', ["$: the same values, but not in canonical JSON"]),
    ],
)
def test_a_difference_is_told_with_its_place(published: bytes, recomputed: bytes, told: list[str]) -> None:
    assert differences(published, recomputed) == told


def test_the_hash_of_each_text_that_an_event_names_is_found() -> None:
    ask = {ASK.question, ASK.asked_by, ASK.why, ASK.outcome}
    edited = IdeaEdited(idea="idea1", version=2, by=HOST, title=text("1"), body=text("2"), tags=text("3"))
    reworded = RoundReworded(round="final", ask=ASK, reason=text("r"), by=HOST)
    plan = a_plan("a", "b")

    assert set(text_hashes(edited)) == {text("1"), text("2"), text("3")}
    assert set(text_hashes(reworded)) == {*ask, text("r")}
    assert set(text_hashes(plan)) == {*ask, plan.name, text("a"), text("b")}
    assert list(text_hashes(MemberJoined(member="fan1"))) == []


def test_what_is_no_text_is_not_taken_for_one() -> None:
    (opened,) = unpack(0, 0, b"[" + EXAMPLES[RoundOpened.wire] + b"]").events

    assert isinstance(opened, Recorded)
    assert isinstance(opened.event, RoundOpened)
    found = set(text_hashes(opened.event))
    assert {option.label for option in opened.event.terms.options} <= found
    assert opened.event.terms.blind_key not in found


def test_texts_can_be_looked_for_in_every_event_of_the_catalogue() -> None:
    for wire in EVENTS:
        (event,) = unpack(0, 0, b"[" + EXAMPLES[wire] + b"]").events
        assert isinstance(event, Recorded)
        assert all(len(each) == 64 for each in text_hashes(event.event))


def test_frames_give_back_the_bytes_that_were_framed() -> None:
    bodies = [b"", b"\n", b"0 1\n", b"[{}]", b"\x00\xff"]

    found = list(frames(b"".join(framed(offset, each) for offset, each in enumerate(bodies, start=8)), "bundle"))

    assert found == list(enumerate(bodies, start=8))


@pytest.mark.parametrize("bundle", [b"x", b"1 2\nab", b"1 2\nabc", b"1 3\nab\n", b"01 1\na\n", b"1 -1\n", b"1 1\na\nrest"])
def test_a_bundle_that_does_not_parse_to_its_last_byte_is_broken(bundle: bytes) -> None:
    with pytest.raises(Broken):
        list(frames(bundle, "bundle"))


@pytest.mark.parametrize("bundle", [b"", b"{}\n", b'{"hash":"a","salt":"","text":""}', b"\n", b"[]\n"])
def test_a_line_that_is_no_text_is_broken(bundle: bytes) -> None:
    with pytest.raises(Broken):
        list(lines(bundle, "texts"))


def test_a_text_with_line_breaks_stays_on_its_line() -> None:
    text_with_breaks = StoredText("h", "00", "one\ntwo\u2028three")

    assert list(lines(line(text_with_breaks), "texts")) == [text_with_breaks]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome((Claim("a", passed=True),)), 0),
        (Outcome((Claim("a", passed=True), Claim("b", passed=False))), 1),
        (Outcome((Claim("a", passed=True),), "why"), 2),
        (Outcome((Claim("a", passed=False),), "why"), 1),
        (Outcome(), 2),
    ],
)
def test_the_exit_code_says_whether_claims_hold(outcome: Outcome, code: int) -> None:
    assert outcome.exit_code == code
    assert f'"exit_code":{code}' in as_json(outcome).decode()


def test_a_claim_with_many_differences_says_how_many_more_there_are() -> None:
    found = claim("a", "", [str(each) for each in range(MOST_DIFFERENCES + 3)])

    assert found.differences[-1] == "and 3 more"


def test_what_a_site_wrote_cannot_dress_up_the_table() -> None:
    shown = as_table(Outcome((Claim("[red]a[/red]", passed=False, differences=("[bold]$.x", ":smile:")),))).decode()

    assert "[red]a[/red]" in shown
    assert "[bold]$.x" in shown
    assert ":smile:" in shown
