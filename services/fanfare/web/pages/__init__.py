"""The pages: each module fills the contexts of one area and answers its forms."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from fanfare.web.layout import STATIC


def mount(app: FastAPI) -> None:
    """Add every page and the static files to *app*."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
