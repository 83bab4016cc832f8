"""How an answer leaves: head and body in one write, where they come together."""

import asyncio

from fanfare.platform.limits.connections import InOne


class Wire(asyncio.WriteTransport):
    """A connection that writes down what goes over it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


async def test_a_head_and_its_body_are_one_write_and_what_follows_is_written_as_it_comes() -> None:
    wire = Wire()
    answer = InOne(wire, asyncio.get_running_loop())

    for part in (b"head ", b"body ", b"more"):
        answer.write(part)
    await asyncio.sleep(0)

    assert wire.written == [b"head body ", b"more"]


async def test_a_head_whose_body_takes_its_time_is_written_at_the_loops_next_turn() -> None:
    wire = Wire()
    answer = InOne(wire, asyncio.get_running_loop())

    answer.write(b"head")
    await asyncio.sleep(0)
    early = list(wire.written)
    answer.write(b"body")

    assert early == [b"head"]
    assert wire.written == [b"head", b"body"]


async def test_a_head_is_written_before_its_connection_is_closed_and_never_behind() -> None:
    closed_by_us, closed_by_client = Wire(), Wire()
    loop = asyncio.get_running_loop()

    answer, lost = InOne(closed_by_us, loop), InOne(closed_by_client, loop)
    answer.write(b"head")
    answer.close()
    lost.write(b"head")
    closed_by_client.close()
    await asyncio.sleep(0)

    assert (closed_by_us.written, closed_by_us.is_closed) == ([b"head"], True)
    assert closed_by_client.written == []
