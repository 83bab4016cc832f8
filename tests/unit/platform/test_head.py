"""What goes over the wire in answer to HEAD."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from fanfare.platform.head import HeadAsGet

HEADERS = [(b"content-length", b"9")]


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer GET, in two pieces."""
    del receive
    assert scope["method"] == "GET"
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"nine ", "more_body": True})
    await send({"type": "http.response.body", "body": b"byte"})


async def nothing() -> Message:
    """No request has a body here."""
    return {"type": "http.request"}


async def answered(method: str) -> list[Message]:
    """Return what is sent in answer to a request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method}
    await HeadAsGet(page)(scope, nothing, send)
    assert scope["method"] == method
    return sent


@pytest.mark.anyio
async def test_head_is_answered_with_the_head_of_get_and_ends_without_a_byte_of_its_body() -> None:
    got, asked = await answered("GET"), await answered("HEAD")

    assert asked == [got[0], {"type": "http.response.body"}]
    assert [each.get("body") for each in got[1:]] == [b"nine ", b"byte"]
