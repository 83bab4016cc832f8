"""Files as people send them, and as attackers do."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image, ImageCms

from fanfare.platform.objects import FOLDER
from tests.site_fixture import SiteUnderTest

CAMERA, GPS = "Snark Optics 3000", (48.0, 12.0, 30.0)


def picture(width: int = 640, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Return a picture with a red left half and a blue right one."""
    found = Image.new(mode, (width, height), "red")
    found.paste(Image.new(mode, (width - width // 2, height), "blue"), (width // 2, 0))
    return found


def written(found: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    """Return a picture as a file of that kind."""
    stream = io.BytesIO()
    found.save(stream, kind, **how)
    return stream.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """Return what no codec can make small."""
    return Image.effect_noise((width, height), 120).convert("RGB")


def from_a_phone(width: int = 1200, height: int = 800, turned: int = 6) -> bytes:
    """Return a JPEG that says where it was taken, with which camera, and that the camera was held upright."""
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = CAMERA, turned
    exif.get_ifd(0x8825).update({1: "N", 2: GPS, 3: "E", 4: (11.0, 34.0, 54.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return written(picture(width, height), "JPEG", exif=exif, icc_profile=profile, comment=b"Jubjub Lane 7")


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """Return a PNG of a few bytes that wants gigabytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def with_archive() -> bytes:
    """Return a JPEG that is a ZIP archive as well."""
    stream = io.BytesIO(written(picture(), "JPEG"))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("run.js", "alert(1)")
    return stream.getvalue()


def with_page() -> bytes:
    """Return a GIF whose comment is a page with a program."""
    return written(picture(), "GIF", comment=b"<HTML><script>alert(document.cookie)</script>")


def animation() -> bytes:
    """Return a GIF of a red picture and a green one."""
    return written(Image.new("RGB", (60, 40), "red"), "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40), "green")])


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"


async def sent(fan: httpx2.AsyncClient, body: bytes = b"") -> dict[str, Any]:
    """Send a picture and return what the API says of it."""
    answer = await fan.post("/api/v1/pictures", content=body or from_a_phone(), headers={"content-type": "image/jpeg"})
    return dict(answer.raise_for_status().json())


def files(site: SiteUnderTest, *sent: dict[str, Any]) -> list[Path]:
    """Return what lies in the folder of a site's pictures: of these, or of all."""
    found = [each for each in (site.app.state.settings.home / FOLDER / "pictures").rglob("*") if each.is_file()]
    return [each for each in found if not sent or each.parent.name in {one["picture"] for one in sent}]
