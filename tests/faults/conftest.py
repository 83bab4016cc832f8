"""One site with processes that can be told to die, for all tests that need one."""

from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import pytest
from aiosmtpd.controller import Controller

from tests.faults.driving import Fan
from tests.faults.ground import free_port
from tests.faults.postbox import Postbox
from tests.faults.stage import Stage, cloned, staged

FANS = 12


class Theatre(NamedTuple):
    """The site, who is there, and where its mail goes."""

    stage: Stage
    fans: list[Fan]
    postbox: Postbox


@pytest.fixture(scope="session")
def mail_server() -> Iterator[tuple[Postbox, int]]:
    """A mail server and its port."""
    box, port = Postbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, port
    finally:
        server.stop()


@pytest.fixture(scope="session")
def stage_database(postgres: str) -> Iterator[str]:
    """A database for the site."""
    with cloned(postgres) as conninfo:
        yield conninfo


@pytest.fixture(scope="session")
async def theatre(
    stage_database: str, mail_server: tuple[Postbox, int], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Theatre]:
    """A founded site with API and worker as processes of their own."""
    box, port = mail_server
    folder = tmp_path_factory.mktemp("stage")
    async with staged(stage_database, folder, FANFARE_SMTP_URL=f"smtp://127.0.0.1:{port}") as stage:
        yield Theatre(stage, await stage.fans(FANS), box)


@pytest.fixture
def fans(theatre: Theatre) -> list[Fan]:
    """Twelve fans."""
    return theatre.fans


@pytest.fixture
def postbox(theatre: Theatre) -> Postbox:
    """Where the mail goes."""
    return theatre.postbox


@pytest.fixture
async def stage(theatre: Theatre) -> AsyncIterator[Stage]:
    """The site; afterwards what is dead is started, and what is armed or wrong is put right, for the next test."""
    yield theatre.stage
    await theatre.stage.mend()
