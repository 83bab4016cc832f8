"""What a mail server's URL means, and how long a mail waits."""

from datetime import timedelta

import aiosmtplib
import pytest

from fanfare.members.sending import back_off
from fanfare.members.smtp import SmtpServer, SmtpUrlWrong, is_about_this_mail, is_final, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, None, None, "starttls")),
        ("smtp://anna:p%40ss@mail.example.org:2525", SmtpServer("mail.example.org", 2525, "anna", "p@ss", "starttls")),
        ("smtps://anna:secret@mail.example.org", SmtpServer("mail.example.org", 465, "anna", "secret", "implicit")),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, None, None, "if-offered")),
        ("smtp://relay:25?starttls=no", SmtpServer("relay", 25, None, None, "none")),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


def test_a_password_may_stand_apart_from_the_url() -> None:
    assert parse_smtp_url("smtp://anna@mail.example.org", "apart").password == "apart"  # noqa: S105


def test_without_a_name_no_password_is_sent() -> None:
    assert parse_smtp_url("smtp://mail.example.org", "apart").password is None


@pytest.mark.parametrize(
    "url", ["mail.example.org:587", "http://anna:secret@mail.example.org", "smtp://", "smtp://mail:port", "smtp://mail/secret"]
)
def test_a_url_that_names_no_mail_server_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(SmtpUrlWrong) as refused:
        parse_smtp_url(url)

    assert "secret" not in str(refused.value)


def test_a_server_abroad_must_speak_starttls_and_one_on_this_machine_may() -> None:
    abroad, here = parse_smtp_url("smtp://mail.example.org").client(), parse_smtp_url("smtp://localhost:25").client()

    assert abroad._start_tls_on_connect is True
    assert here._start_tls_on_connect is None


def test_a_mail_is_given_up_only_where_the_server_will_never_take_it() -> None:
    unknown = aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "no such mailbox", "anna@example.org")])
    later = aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(451, "try later", "anna@example.org")])
    login = aiosmtplib.SMTPAuthenticationError(535, "wrong password")

    assert [is_final(each) for each in (unknown, later, login, OSError())] == [True, False, False, False]
    assert [is_about_this_mail(each) for each in (unknown, later, login, OSError())] == [True, True, False, False]


def test_a_mail_waits_twice_as_long_after_each_failure_and_six_hours_at_most() -> None:
    waits = [back_off(attempts) for attempts in (0, 1, 2, 30)]

    assert waits == [timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1), timedelta(hours=6)]
