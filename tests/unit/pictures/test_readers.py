"""The process that reads a file: what a file does to it is answered in a sentence, and the next file is read all the same."""

import asyncio
import resource
import sys

import pytest

from fanfare.pictures import readers as module
from fanfare.pictures.readers import Readers
from fanfare.pictures.refusals import REFUSED, PictureBroken, PicturesBusy, PictureTooHard, PictureTooManyPixels
from tests import pictures
from tests.pictures import picture, written

pytestmark = pytest.mark.anyio


async def test_a_file_is_read_in_another_process() -> None:
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    made = await Readers().read(written(picture()))

    assert [each.name for each in made] == ["large", "middle", "small"]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > used


async def test_a_bomb_and_a_cut_off_file_are_refused_and_the_next_one_is_read() -> None:
    readers = Readers()

    with pytest.raises(PictureTooManyPixels):
        await readers.read(pictures.bomb())
    with pytest.raises(PictureBroken):
        await readers.read(written(picture(), "JPEG")[:3000])

    assert len(await readers.read(written(picture()))) == 3


@pytest.mark.parametrize(
    "program",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import sys; sys.stdin.buffer.read(); sys.stdout.write('nonsense')",
        "raise MemoryError",
    ],
)
async def test_a_process_that_a_file_breaks_is_told_as_a_file_that_is_too_hard(program: str) -> None:
    with pytest.raises(PictureTooHard):
        await Readers((sys.executable, "-c", program)).read(b"anything")


async def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.2)

    with pytest.raises(PictureTooHard):
        await Readers((sys.executable, "-c", "while True: pass")).read(b"anything")


async def test_a_file_that_wants_more_memory_than_it_may_have_is_too_hard() -> None:
    program = (
        "import sys; from fanfare.pictures import reading; sys.stdin.buffer.read();"
        "reading.read = lambda body: bytearray(2 * reading.MEMORY_BYTES); reading.main()"
    )

    with pytest.raises(PictureTooHard):
        await Readers((sys.executable, "-c", program)).read(b"anything")


async def test_whoever_comes_when_too_many_wait_is_sent_away() -> None:
    readers = Readers((sys.executable, "-c", "raise MemoryError"))

    found = await asyncio.gather(*(readers.read(b"x") for _ in range(25)), return_exceptions=True)

    assert {type(each) for each in found} == {PictureTooHard, PicturesBusy}
    assert sum(isinstance(each, PicturesBusy) for each in found) == 25 - module.AT_ONCE - module.WAITING


def test_every_refusal_of_the_process_says_what_to_do() -> None:
    assert all(each.advice.endswith(".") and each.title.endswith(".") for each in (kind() for kind in REFUSED.values()))
