"""Mail settings as they are typed, and which way mail goes by them."""

import pytest

from fanfare.members.mail_settings import MailSettings, checked
from fanfare.members.mail_trial import route
from fanfare.platform.refusals import Invalid
from fanfare.platform.settings import Settings

TYPED = {
    "host": "Mail.Example.org ",
    "port": "",
    "encryption": "implicit",
    "username": "p",
    "password": "s",
    "sender": "a@b.example",
}


def test_what_is_typed_is_kept_with_the_port_that_belongs_to_its_encryption() -> None:
    assert checked(**TYPED) == MailSettings("mail.example.org", 465, "implicit", "p", "s", "a@b.example")


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        ("host", ""),
        ("host", "smtp://mail.example.org"),
        ("port", "0"),
        ("port", "99999"),
        ("port", "smtp"),
        ("encryption", "rot13"),
        ("sender", "Pomfret"),
        ("sender", "Pomfret <a@b.example"),
        ("sender", "A, B <a@b.example>"),
        ("username", "a\r\nb"),
    ],
)
def test_what_cannot_be_a_mail_server_is_refused_with_its_field(field: str, answer: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(**{**TYPED, field: answer})

    assert refused.value.extra["field"] == (field if field != "username" else "sender")


def test_what_the_environment_says_goes_before_what_was_set_in_the_browser() -> None:
    kept = checked(**TYPED)

    there = route(Settings(smtp_url="smtp://relay.example.org:2525", mail_from="x@example.org"), kept)
    here, none = route(Settings(), kept), route(Settings(), None)

    assert there is not None
    assert here is not None
    assert (there.server.host, there.sender) == ("relay.example.org", "x@example.org")
    assert (here.server.host, here.server.port, here.server.encryption, here.sender) == (
        "mail.example.org",
        465,
        "implicit",
        "a@b.example",
    )
    assert none is None


def test_a_password_is_never_spelled_out() -> None:
    assert "swordfish" not in repr(checked(**{**TYPED, "password": "swordfish"}))
