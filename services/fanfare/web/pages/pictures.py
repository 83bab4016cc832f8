"""Pictures at their addresses: small files that never change, and that nothing can be run from."""

import re
from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.pictures.routes import ThePictures
from fanfare.pictures.sizes import SizeName
from fanfare.platform.refusals import NotFound
from fanfare.web.shells import visitor_of

router = APIRouter()
_HASH = re.compile(r"[0-9a-f]{64}")
_KEPT_S = 86_400
"""How long browsers and proxies keep a picture without asking: so long one may still show it after its removal."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@router.get("/pictures/{picture}/{size}.webp")
async def picture(picture: str, size: str, request: Request, pictures: ThePictures) -> Response:
    """Show one size of a picture."""
    if not _HASH.fullmatch(picture) or size not in get_args(SizeName):
        raise NotFound
    try:
        body, is_public = await pictures.show(picture, size, None)
    except NotFound:  # most are public, and those need not be asked who they are
        body, is_public = await pictures.show(picture, size, await visitor_of(request))
    tag = f'"{picture[:32]}-{size}"'
    cache = f"public, max-age={_KEPT_S}, immutable" if is_public else "private, no-store"
    headers = {**_HEADERS, "Cache-Control": cache, "ETag": tag}
    if is_public and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="image/webp", headers=headers)
