"""
A server whose every route fails over somebody's words, in a process of its own, since logs belong to a process.

`python -m tests.integration.faulty_site WORDS` asks each route once, and writes its log to standard error as a site does.
"""

import asyncio
import socket
import sys

import httpx2
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from fanfare.platform import logging
from fanfare.web import problems

FAULTS = ("unknown", "no_number", "no_model", "twice")


class Counted(BaseModel):
    """Something that takes no words."""

    number: int


def fail(how: str, words: str) -> None:
    """Fail in one of FAULTS."""
    match how:
        case "unknown":
            raise KeyError(words)
        case "no_model":
            Counted.model_validate({"number": words})
        case "twice":
            try:
                int(words)
            except ValueError as error:
                message = "it cannot be counted"
                raise RuntimeError(message) from error
        case _:
            int(words)


async def main(words: str) -> None:
    """Serve, ask for every fault, and end."""
    logging.configure()
    app = FastAPI()
    problems.handle(app)

    @app.get("/api/v1/{how}")
    async def fault(how: str) -> None:
        fail(how, words)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            for how in FAULTS:
                answer = await client.get(f"/api/v1/{how}")
                sys.stdout.write(f"{answer.status_code} {answer.text}\n")
        server.should_exit = True
        await serving
    fail("unknown", words)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
