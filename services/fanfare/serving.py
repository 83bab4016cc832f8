"""The API's process, put together; ``fanfare.web.app`` knows its parts."""

import gc

import uvicorn
from fastapi import FastAPI

from fanfare.operations import cut
from fanfare.platform import logging
from fanfare.platform.limits import connections
from fanfare.platform.limits.clients import networks
from fanfare.platform.objects import objects
from fanfare.platform.settings import Settings
from fanfare.web.app import create_app

_GARBAGE = 20_000, 20, 20
"""How many new objects there are before Python looks for cycles among them. Requests under way make thousands, and leave none."""


def run_api(settings: Settings) -> None:
    """Serve HTTP until told to stop; open live pages hold the shutdown for two seconds at most."""
    logging.configure()
    if settings.smtp_url:
        from fanfare.members.smtp import parse_smtp_url  # without a mail server its library is never loaded

        parse_smtp_url(settings.smtp_url, settings.smtp_password.get_secret_value())  # a wrong one refuses to run
    objects(settings.home, settings.objects)  # a wrong place refuses to run, by name
    serve(create_app(settings, cut.Guard(settings.home)), settings)


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve *app* over HTTP until told to stop."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=connections.protocol(networks(settings.trusted_proxies)),
        ws="none",
        log_level="error",  # or whoever sends rubbish would fill the log
        access_log=False,
        timeout_graceful_shutdown=2,
        server_header=False,
        proxy_headers=False,  # the limits read them, see fanfare.platform.limits.clients
    )
    # What is loaded stays: looking through it again and again for garbage would hold every request up for a tenth of a second.
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    uvicorn.Server(config).run()
