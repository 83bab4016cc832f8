"""Limits: who is let through, who waits how long, who is counted as whom, and that the table says it all."""

import re
from collections.abc import Mapping, Sequence

import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st

from fanfare.platform.limits import rules
from fanfare.platform.limits.clients import Proxies, ProxiesWrong, network_of, networks
from fanfare.platform.limits.meter import Meter
from fanfare.platform.limits.refusals import in_words, too_many
from fanfare.platform.limits.rules import BALLOTS, COMMENTS, DOWNLOADS, IDEAS, IDEAS_A_DAY, RULES, WRITES, Rule, rules_of
from fanfare.platform.settings import Settings
from fanfare.web.app import create_app
from tests.house import tree

THREE_A_MINUTE = Rule("tried", "tries", 3, 60, "member")


def told(client: str, *forwarded: str, proto: str = "") -> dict[str, object]:
    """Return the scope of a request from *client* with these headers."""
    headers = [(b"host", b"x"), *((b"x-forwarded-for", each.encode("latin-1")) for each in forwarded)]
    if proto:
        headers.append((b"x-forwarded-proto", proto.encode()))
    return {"type": "http", "client": (client, 1), "scheme": "http", "headers": headers}


def test_so_many_pass_at_once_and_the_next_is_told_when_to_come_back() -> None:
    meter = Meter(THREE_A_MINUTE)

    assert [meter.take("noor", 100.0) for _ in range(3)] == [0, 0, 0]
    assert meter.take("noor", 100.0) == pytest.approx(20, abs=0.01)
    assert meter.take("dora", 100.0) == 0


def test_whoever_waits_as_long_as_told_passes_and_knocking_meanwhile_costs_nothing() -> None:
    meter = Meter(THREE_A_MINUTE)
    for _ in range(3):
        meter.take("noor", 0.0)
    for knock in range(10):
        assert meter.take("noor", float(knock)) > 0

    assert meter.take("noor", 20.0) == 0
    assert meter.take("noor", 20.0) == pytest.approx(20, abs=0.01)


@given(st.lists(st.floats(0, 30), max_size=200))
def test_no_rhythm_brings_more_through_than_the_rule_says(gaps: Sequence[float]) -> None:
    meter, now, passed = Meter(THREE_A_MINUTE), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if not meter.take("noor", now):
            passed.append(now)

    # As many as at once, and then one more for each twenty seconds that went by.
    assert all(len([each for each in passed if begin <= each <= begin + 60.0]) <= 3 + 3 for begin in passed)
    assert len(passed) <= 3 + now / 20 + 1


def test_a_meter_forgets_the_keys_that_came_longest_ago_and_never_grows() -> None:
    meter = Meter(THREE_A_MINUTE, most_keys=100)
    for number in range(10_000):
        meter.take(f"bot {number}", 0.0)
        meter.take("noor", float(number))

    assert len(meter) == 100
    assert meter.take("noor", 9_999.0) > 0


def test_each_route_that_has_rules_of_its_own_is_a_route_of_the_application() -> None:
    app = create_app(Settings(database_url="postgresql://nowhere"))
    there = {
        f"{method} {re.sub(r'{[^}]*}', '*', str(route.path_format))}"
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
    }

    assert sorted(set(rules.ROUTES) - there) == []


def test_what_has_no_rules_of_its_own_is_free_to_read_and_counts_as_a_write() -> None:
    assert rules_of("GET", "/campaigns/c1") == ()
    assert rules_of("POST", "/host/rounds/r1/open") == (WRITES,)
    assert rules_of("PUT", "/api/v1/rounds/r1/ballot") == (BALLOTS,)
    assert rules_of("POST", "/campaigns/c1/ideas") == (IDEAS, IDEAS_A_DAY)
    assert rules_of("POST", "/api/v1/ideas/i1/comments")[0] == COMMENTS
    assert rules_of("GET", "/api/v1/rounds/r1/report.csv") == (DOWNLOADS,)
    assert rules_of("GET", "/rounds/r1/report") == ()


@pytest.mark.parametrize(
    "path", ["/api/v1/rounds/" + "x" * 500 + "/ballot", "/api/v1/rounds/r1/ballot\n", "/api/v1/rounds//ballot"]
)
def test_an_odd_spelling_of_a_path_escapes_into_no_freedom(path: str) -> None:
    assert rules_of("PUT", path) == (WRITES,)


def test_rules_are_named_once_and_a_hard_one_has_an_hour_or_a_day() -> None:
    names = [each.name for each in RULES]

    assert sorted(names) == sorted(set(names))
    assert {each.per_s for each in RULES if each.hard} == {rules.HOUR_S, rules.DAY_S}


def test_the_operators_table_is_the_one_that_holds() -> None:
    guide = (tree.ROOT / "docs/guides/operators.md").read_text(encoding="utf-8")
    spans = {30: "30 seconds", 600: "10 minutes", rules.HOUR_S: "an hour", rules.DAY_S: "a day"}
    wanted = [f"| `{each.name}` | {each.counts} | {each.most:,} | {spans[each.per_s]} | {each.of} |" for each in RULES]

    assert [line for line in wanted if line not in guide] == []


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:3::2", "2001:0db8:0001:0003::/64"),
        ("fe80::1%eth0", "fe80:0000:0000:0000::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_a_network_is_an_address_or_half_of_one(host: str, counted: str) -> None:
    assert network_of(host) == counted


PROXIES: Mapping[str, Proxies] = {"none": Proxies(), "ours": Proxies(networks("127.0.0.1, 10.0.0.0/8, 2001:db8:f::/48"))}


@pytest.mark.parametrize(
    ("proxies", "client", "forwarded", "counted"),
    [
        ("none", "198.51.100.1", ["203.0.113.7"], "198.51.100.1"),
        ("none", "127.0.0.1", ["203.0.113.7"], ""),
        ("ours", "198.51.100.1", ["203.0.113.7"], "198.51.100.1"),
        ("ours", "10.1.2.3", ["203.0.113.7"], "203.0.113.7"),
        ("ours", "10.1.2.3", ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        ("ours", "10.1.2.3", ["6.6.6.6", "203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("ours", "127.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("ours", "2001:db8:f::1", ["[2001:db8:1:2::9]:443"], "2001:0db8:0001:0002::/64"),
        ("ours", "127.0.0.1", [], ""),
        ("ours", "10.1.2.3", ["127.0.0.1"], "127.0.0.1"),
        ("ours", "10.1.2.3", ["::1, 10.0.0.9"], "::1"),
        ("ours", "10.1.2.3", ["unknown"], "10.1.2.3"),
        ("ours", "10.1.2.3", ["203.0.113.7, \x00\xff' or 1=1"], "10.1.2.3"),
        ("ours", "10.1.2.3", [",,,"], "10.1.2.3"),
        ("ours", "10.1.2.3", ["10.0.0.1, " * 5000 + "203.0.113.7"], "203.0.113.7"),
    ],
)
def test_only_a_trusted_proxy_is_believed_and_only_about_whom_it_saw(
    proxies: str, client: str, forwarded: list[str], counted: str
) -> None:
    assert PROXIES[proxies].network(told(client, *forwarded)) == counted


def test_a_header_that_names_this_machine_exempts_nobody() -> None:
    assert PROXIES["ours"].network(told("10.1.2.3", "127.0.0.1")) != ""
    assert PROXIES["ours"].network(told("10.1.2.3", "::1")) != ""


def test_a_trusted_proxy_says_which_scheme_and_address_a_request_came_under_and_others_do_not() -> None:
    ours, foreign, silly = (
        told("10.1.2.3", "203.0.113.7", proto="https"),
        told("198.51.100.1", "203.0.113.7", proto="https"),
        told("10.1.2.3", "203.0.113.7", proto="javascript"),
    )
    for scope in (ours, foreign, silly):
        PROXIES["ours"].network(scope)

    assert (ours["scheme"], ours["client"]) == ("https", ("203.0.113.7", 0))
    assert (foreign["scheme"], foreign["client"]) == ("http", ("198.51.100.1", 1))
    assert silly["scheme"] == "http"


def test_a_list_of_proxies_that_cannot_be_read_says_what_is_wrong() -> None:
    with pytest.raises(ProxiesWrong, match=r"FANFARE_TRUSTED_PROXIES.*nginx"):
        networks("127.0.0.1, nginx")


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (40, "40 seconds"), (120, "120 seconds"), (121, "3 minutes"), (86_400, "24 hours")]
)
def test_a_wait_is_said_as_people_say_it_and_never_too_short(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_the_refusal_names_the_rule_and_the_wait() -> None:
    refusal = too_many(COMMENTS, 20)

    assert refusal.extra == {"rule": "comments", "retry_after": 20}
    assert str(refusal) == "Too many comments came from you. Come back in 20 seconds; nothing you wrote is lost."
