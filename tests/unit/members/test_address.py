"""Addresses of mail, and of pages that a sign-in leads back to."""

import pytest

from fanfare.members.address import is_loopback, normalised, on_this_site
from fanfare.members.refusals import AddressRefused


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  anna@example.org\n", "anna@example.org"),
        ("Anna@EXAMPLE.Org", "Anna@example.org"),
        ("a.b+taste@mail.example.org", "a.b+taste@mail.example.org"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_kept_without_space_and_with_its_domain_in_lower_case(written: str, kept: str) -> None:
    assert normalised(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "an na@example.org",
        "anna@example..org",
        "anna@-example.org",
        "anna@exa mple.org",
        "anna@[127.0.0.1]",
        "anna@127.0.0.1",
        "a@b@example.org",
        "anna@example.org\r\nBcc: all@example.org",
        "anna@example.org, bert@example.org",
        "Anna <anna@example.org>",
        ".anna@example.org",
        "a" * 65 + "@example.org",
        "anna@" + "a" * 64 + ".org",
        "a" * 1_000_000,
        "anna\u202e@example.org",
        "anna@" + "\u00fc" * 300 + ".org",
    ],
)
def test_what_no_mail_can_be_sent_to_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(AddressRefused, match=r"anna@example\.org"):
        normalised(written)


@pytest.mark.parametrize("path", ["/", "/me", "/rounds/final/ballot?from=mail#top", "/%2F%2Fevil.example"])
def test_a_sign_in_leads_back_to_a_path_of_this_site(path: str) -> None:
    assert on_this_site(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\u202eevil",
        " //evil.example",
        "me",
        "",
        "/" + "a" * 500,
    ],
)
def test_a_sign_in_never_leads_to_another_site(path: str) -> None:
    assert on_this_site(path) == "/"


def test_loopback_is_this_machine_and_nothing_that_merely_begins_like_it() -> None:
    assert [is_loopback(each) for each in ("localhost", "127.0.0.1", "[::1]", "fans.localhost")] == [True] * 4
    assert [is_loopback(each) for each in ("localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "")] == [False] * 4
