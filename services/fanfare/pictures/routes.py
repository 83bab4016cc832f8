"""The API of pictures: send one, and name it in an idea."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import BaseModel
from starlette.datastructures import UploadFile

from fanfare.pictures.keeping import Kept
from fanfare.pictures.refusals import PictureMissing
from fanfare.pictures.service import Pictures
from fanfare.pictures.sizes import MOST_BYTES, Extent
from fanfare.platform.documents import Answers
from fanfare.platform.edge import Fan

router = APIRouter(prefix="/api/v1", tags=["pictures"])
FIELD = "file"
"""The field of a form that holds the picture."""
_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"JPEG, PNG, WebP, GIF or AVIF, at most {MOST_BYTES:,} bytes: as it is, or as the field `file` of a form.",
        "content": {
            "application/octet-stream": {"schema": _FILE},
            "multipart/form-data": {"schema": {"type": "object", "properties": {FIELD: _FILE}, "required": [FIELD]}},
        },
    }
}
_NO: Answers = {
    413: {"description": "It is too large."},
    422: {"description": "It is no picture that can be taken; the code says why."},
    503: {"description": "Too many pictures are being read."},
}


async def _pictures(request: Request) -> Pictures:
    pictures: Pictures = request.app.state.pictures
    return pictures


ThePictures = Annotated[Pictures, Depends(_pictures)]


async def closing(request: Request) -> AsyncIterator[None]:
    """Let go of the files of a form when it is answered, whatever became of it."""
    try:
        yield
    finally:
        await request.close()


CLOSING = [Depends(closing)]
"""Of every route that takes a file."""


class SizeRead(BaseModel):
    """One size of a picture."""

    width: int
    height: int
    address: str


class PictureRead(BaseModel):
    """A picture that was taken in. Only you see it until an idea of yours names it; after a day without one it is gone."""

    picture: str
    sizes: dict[str, SizeRead]
    """By their names: small, middle, large."""


def address(picture: str, size: str) -> str:
    """Return where one size of a picture is served. What is there never changes."""
    return f"/pictures/{picture}/{size}.webp"


def sizes_read(picture: str, sizes: Mapping[str, Extent]) -> dict[str, SizeRead]:
    """Return the sizes of a picture as the API tells them."""
    return {name: SizeRead(width=width, height=height, address=address(picture, name)) for name, (width, height) in sizes.items()}


@router.post(
    "/pictures",
    status_code=status.HTTP_201_CREATED,
    summary="Send a picture",
    responses=_NO,
    openapi_extra=_BODY,
    dependencies=CLOSING,
)
async def send_picture(request: Request, fan: Fan, pictures: ThePictures, response: Response) -> PictureRead:
    """Send a picture, to be named in an idea. It is read anew, turned upright, and kept in three sizes without its metadata."""
    kept: Kept = await pictures.take_in(await _sent(request), fan.member)
    response.headers["Location"] = address(kept.hash, "large")
    return PictureRead(picture=kept.hash, sizes=sizes_read(kept.hash, kept.sizes))


async def _sent(request: Request) -> bytes:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.body()
    return await in_form(request)


async def in_form(request: Request) -> bytes:
    """Return the file of a form; nothing where none was chosen. Raises: PictureMissing."""
    found = (await request.form()).get(FIELD)
    if not isinstance(found, UploadFile):
        raise PictureMissing
    return await found.read()
