"""Requests that another site made a browser send."""

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from fanfare.members.csrf import csrf_token, guard, guard_origin, masked
from fanfare.members.refusals import FormOutdated
from fanfare.members.sessions import cookie_name, described
from fanfare.platform.refusals import ForeignOrigin

HOST = "fans.example"
OURS = {"origin": f"https://{HOST}", "sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
SESSION = {"cookie": "__Host-fanfare=her-session"}
APP = SimpleNamespace(state=SimpleNamespace(desk=SimpleNamespace(vault_key=b"k" * 32, source=f"https://{HOST}")))


def a_request(method: str = "POST", body: str = "", *, host: str = HOST, scheme: str = "https", **headers: str) -> Request:
    spoken = {"host": host} | headers
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": b"",
        "scheme": scheme,
        "server": (host.partition(":")[0], 443),
        "headers": [(name.replace("_", "-").encode(), written.encode()) for name, written in spoken.items()],
        "app": APP,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    return Request(scope, receive)


TOKEN = csrf_token(a_request(**SESSION))


async def test_a_form_of_ours_passes_and_can_still_be_read() -> None:
    request = a_request(body=f"csrf={TOKEN}&title=Plum", **OURS, **FORM, **SESSION)

    await guard(request)

    assert (await request.form())["title"] == "Plum"
    assert b"Plum" in await request.body()


async def test_the_token_of_a_page_is_another_text_each_time_and_passes_each_time() -> None:
    one, other = masked(TOKEN), masked(TOKEN)

    assert len({one, other, TOKEN}) == 3
    for each in (one, other):
        await guard(a_request(body=f"csrf={each}", **OURS, **FORM, **SESSION))


async def test_a_token_that_was_masked_for_another_session_is_refused() -> None:
    foreign = masked(csrf_token(a_request(cookie="__Host-fanfare=another-session")))

    with pytest.raises(FormOutdated):
        await guard(a_request(body=f"csrf={foreign}", **OURS, **FORM, **SESSION))


async def test_a_form_that_was_read_before_the_guard_passes() -> None:
    request = a_request(body=f"csrf={TOKEN}", **OURS, **FORM, **SESSION)
    await request.form()

    await guard(request)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}.evil.example"},
        {"origin": f"https://evil.{HOST}"},
        {"origin": f"https://{HOST}:8443"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
async def test_a_write_from_another_site_is_refused_even_with_the_token(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(ForeignOrigin):
        await guard(a_request(method, **JSON, **SESSION, **headers, **{"x-csrf-token": TOKEN}))
    with pytest.raises(ForeignOrigin):
        await guard_origin(a_request(method, **headers))


@pytest.mark.parametrize("field", ["", "csrf=", "csrf=wrong", f"csrf={TOKEN[:-1]}", "csrf=%FC"])
async def test_a_form_without_the_token_of_her_session_is_refused(field: str) -> None:
    with pytest.raises(FormOutdated):
        await guard(a_request(body=field, **OURS, **FORM, **SESSION))


async def test_the_token_of_another_session_is_refused() -> None:
    with pytest.raises(FormOutdated):
        await guard(a_request(body=f"csrf={TOKEN}", **OURS, **FORM, cookie="__Host-fanfare=another"))


async def test_json_from_a_page_of_ours_passes_by_its_origin_and_from_a_script_by_the_header() -> None:
    await guard(a_request(**JSON, **SESSION, **OURS))
    await guard(a_request(**JSON, **SESSION, origin=f"https://{HOST}"))
    await guard(a_request(**JSON, **SESSION, **{"x-csrf-token": TOKEN}))

    with pytest.raises(FormOutdated):
        await guard(a_request(**JSON, **SESSION))
    with pytest.raises(FormOutdated):
        await guard(a_request(**SESSION))
    with pytest.raises(FormOutdated):
        await guard(a_request(**JSON, **SESSION, **{"sec-fetch-site": "none"}))


async def test_plain_text_that_a_form_of_another_site_could_send_counts_as_a_form() -> None:
    with pytest.raises(FormOutdated):
        await guard(a_request(body='{"role": "admin"}', **OURS, **SESSION, **{"content-type": "text/plain"}))


async def test_a_bearer_token_needs_no_more_and_another_scheme_is_none() -> None:
    await guard(a_request(**JSON, **SESSION, authorization="Bearer fanfare_pat_x", origin="https://evil.example"))

    with pytest.raises(ForeignOrigin):
        await guard(a_request(**JSON, **SESSION, authorization="Basic eDp5", origin="https://evil.example"))


async def test_reads_and_strangers_pass() -> None:
    await guard(a_request("GET", **SESSION, **{"sec-fetch-site": "cross-site"}))
    await guard(a_request(**JSON))


async def test_a_proxy_that_writes_the_port_into_host_is_understood() -> None:
    await guard(a_request(**JSON, **SESSION, host=f"{HOST}:443", origin=f"https://{HOST}"))


@pytest.mark.parametrize(
    ("scheme", "host", "name"),
    [
        ("https", HOST, "__Host-fanfare"),
        ("http", HOST, "__Host-fanfare"),
        ("http", "localhost:8000", "fanfare"),
        ("http", "127.0.0.1:8000", "fanfare"),
        ("https", "localhost:8000", "__Host-fanfare"),
    ],
)
def test_the_cookie_of_a_public_site_is_guarded_also_behind_a_forgetful_proxy(scheme: str, host: str, name: str) -> None:
    assert cookie_name(a_request(scheme=scheme, host=host)) == name


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1 (KHTML, like Gecko) Version/17 Safari/605.1",
            "Safari on Mac",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("curl/8", "A program"),
    ],
)
def test_a_session_is_named_so_that_its_owner_recognises_it_and_no_longer(agent: str, label: str) -> None:
    assert described(agent) == label
