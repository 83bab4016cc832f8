"""Our one JSON against an independent implementation of RFC 8785."""

import msgspec
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.record.entry import unpack
from fanfare.record.envelope import encode
from fanfare.record.examples import EXAMPLES
from fanfare.record.kinds import canonical
from fanfare.record.terms import RoundTerms, hash_terms
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded
from tests.builders import a_plan, terms_for
from tests.histories import Teller

KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=6)
SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | SAFE | st.text(max_size=12),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(KEYS, children, max_size=5),
)


@given(VALUES)
def test_ascii_keys_integers_and_any_strings_have_the_canonical_form(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_every_event_and_every_report_has_the_canonical_form(seed: int) -> None:
    told = Teller(seed, 4).tell()
    fold = Recount(4)

    for stored in told.written:
        entry = unpack(stored.partition, stored.offset, stored.body)
        fold.apply(entry)
        for _, recorded in entry.positioned():
            assert encode(recorded) == rfc8785.dumps(msgspec.json.decode(encode(recorded)))
    reports = [*(encoded(fold.campaign_report(each)) for each in told.campaigns)]
    reports += [encoded(fold.round_report(each)) for each in told.rounds]
    for report in reports:
        assert report == rfc8785.dumps(msgspec.json.decode(report))


def test_every_example_has_the_canonical_form() -> None:
    for example in EXAMPLES.values():
        assert example == rfc8785.dumps(msgspec.json.decode(example))


def test_terms_that_were_read_back_have_the_hash_that_they_were_written_with() -> None:
    terms = terms_for(a_plan())

    assert hash_terms(msgspec.json.decode(canonical(terms), type=RoundTerms)) == hash_terms(terms)
