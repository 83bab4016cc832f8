"""
Reading a file that somebody sent, in a process of its own: ``python -m fanfare.pictures.reading``.

The file comes on standard input, three small pictures or a refusal go to standard output. The process knows no password, opens
nothing and has little memory and time, so a file that breaks or fills it takes nothing else along.
"""

import io
import os
import resource
import sys
import warnings
import zipfile

import msgspec
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from fanfare.pictures.sizes import MOST_EDGE, MOST_PIXELS, SIZES, Made, Reading, Size

MEMORY_BYTES = 1024**3
CPU_S = 20
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_QUALITIES = (82, 68, 54, 40, 26)
_SHRINK = 0.8
"""Where even the lowest quality is too large, as with noise, it is made smaller by so much."""
_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_FOREIGN = (b"<script", b"<html", b"<!doctype html", b"<?php")
"""What makes a browser or a server take a file for a page or a program."""


class Refused(Exception):
    """The file is refused; the argument is the code of the refusal."""


def read(body: bytes) -> tuple[Made, ...]:
    """
    Return the three sizes of a picture, the largest first: upright, in sRGB, without metadata.

    Raises:
        Refused: with the code of a class in ``fanfare.pictures.refusals``.
    """
    picture = _opened(body)
    if zipfile.is_zipfile(io.BytesIO(body)) or _foreign(body):
        raise Refused("picture-hides-something")
    try:
        picture.draft("RGB", (2 * SIZES[0].edge, 2 * SIZES[0].edge))  # a JPEG is decoded no larger than that
        picture.load()
        found = _upright(picture)
    except MemoryError as error:
        raise Refused("picture-too-hard") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow raises of damaged files
        raise Refused("picture-broken") from error
    made = []
    for size in SIZES:
        made.append(_made(found, size))
        found = _within(found, size.edge)
    return tuple(made)


def _opened(body: bytes) -> Image.Image:
    """Return the picture with nothing but its head read. Raises: Refused."""
    try:
        picture = Image.open(io.BytesIO(body), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("picture-too-many-pixels") from error
    except UnidentifiedImageError as error:
        raise Refused(_unknown(body)) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("picture-broken") from error
    if picture.width * picture.height > MOST_PIXELS or max(picture.size) > MOST_EDGE:
        raise Refused("picture-too-many-pixels")
    return picture


def _unknown(body: bytes) -> str:
    head = body[:1024].lower()
    if b"<svg" in head:
        return "picture-is-svg"
    if body[4:8] == b"ftyp" and body[8:12] in _HEIC:
        return "picture-is-heic"
    return "picture-broken" if body.startswith(_STARTS) else "picture-unknown"


def _foreign(body: bytes) -> bool:
    lower = body.lower()
    return b"%pdf-" in lower[:1024] or any(each in lower for each in _FOREIGN)


def _upright(picture: Image.Image) -> Image.Image:
    """Return the first frame at the largest size, turned as the camera was held, in sRGB, and with no metadata at all."""
    profile = picture.info.get("icc_profile")
    turned = picture.getexif().get(0x0112)
    found: Image.Image = picture
    if found.mode.startswith(("I", "F")):
        found = found.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    elif found.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
        found = found.convert("RGBA" if found.has_transparency_data else "RGB")
    found = _within(found, SIZES[0].edge)
    if turned in range(2, 9):
        found.getexif()[0x0112] = turned
        found = ImageOps.exif_transpose(found)
    found = _in_srgb(found, profile)
    return Image.frombytes(found.mode, found.size, found.tobytes())


def _within(picture: Image.Image, edge: int) -> Image.Image:
    share = edge / max(picture.size)
    if share >= 1:
        return picture
    width, height = (max(1, round(each * share)) for each in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if picture.mode in ("RGBA", "LA") else "RGB"
    if profile and picture.mode != "LA":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (
            ImageCms.PyCMSError,
            OSError,
            ValueError,
        ):  # a profile of another kind of picture: its colours are taken as they are
            found = None
        if found is not None:
            return found
    return picture.convert(mode)


def _made(picture: Image.Image, size: Size) -> Made:
    """Return *picture* as WebP within what the size allows: at a lower quality, and if need be smaller."""
    found = _within(picture, size.edge)
    while True:
        for quality in _QUALITIES:
            stream = io.BytesIO()
            found.save(stream, "WEBP", quality=quality, method=4)
            if stream.tell() <= size.most_bytes:
                return Made(size.name, found.size, stream.getvalue())
        found = _within(found, int(max(found.size) * _SHRINK))


def main() -> None:
    """Read standard input and answer on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        answer = Reading(made=read(sys.stdin.buffer.read()))
    except Refused as refused:
        answer = Reading(refused=str(refused))
    except MemoryError:
        answer = Reading(refused="picture-too-hard")
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()
