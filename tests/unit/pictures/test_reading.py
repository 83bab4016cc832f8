"""Reading a file: what is taken comes out small, upright and without a trace of its origin; what is not is refused by name."""

import io
from itertools import pairwise

import pytest
from PIL import Image

from fanfare.pictures.reading import Refused, read
from fanfare.pictures.sizes import NAMES, SIZES
from tests import pictures
from tests.pictures import picture, written

LIMITS = {each.name: each for each in SIZES}


def opened(body: bytes) -> Image.Image:
    """Return a picture as a browser would see it."""
    return Image.open(io.BytesIO(body), formats=["WEBP"])


def refused(body: bytes) -> str:
    """Return the code that a file is refused with."""
    with pytest.raises(Refused) as found:
        read(body)
    return str(found.value)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P")),
        *(("WEBP", "RGB"), ("GIF", "P"), ("AVIF", "RGB")),
    ],
)
def test_each_kind_of_picture_comes_out_as_webp_in_three_sizes(kind: str, mode: str) -> None:
    made = read(written(picture(2000, 1000).convert(mode), kind))

    assert [each.name for each in made] == ["large", "middle", "small"]
    assert [each.extent for each in made] == [(1600, 800), (800, 400), (320, 160)]
    for each in made:
        assert opened(each.body).size == each.extent
        assert len(each.body) <= LIMITS[each.name].most_bytes
    assert {each.name for each in made} == set(NAMES)


def test_a_small_picture_is_not_enlarged() -> None:
    assert [each.extent for each in read(written(picture(400, 30)))] == [(400, 30), (400, 30), (320, 24)]


def test_noise_keeps_within_its_bytes_by_growing_smaller() -> None:
    made = read(written(pictures.noise(1700, 1700), "PNG"))

    assert all(len(each.body) <= LIMITS[each.name].most_bytes for each in made)
    assert all(first.extent >= second.extent for first, second in pairwise(made))
    assert made[0].extent[0] < 1600


def test_what_a_phone_writes_beside_a_picture_is_in_none_of_the_sizes() -> None:
    sent = pictures.from_a_phone()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)[2] == pictures.GPS
    assert b"Jubjub Lane 7" in sent

    made = read(sent)

    for each in made:
        found = opened(each.body)
        assert (dict(found.getexif()), dict(found.getexif().get_ifd(0x8825))) == ({}, {})
        assert not found.info.keys() & {"exif", "icc_profile", "xmp", "comment"}
        assert not any(trace in each.body for trace in (b"Exif", b"EXIF", b"ICCP", b"XMP", b"Jubjub", b"Snark"))


def test_a_picture_stands_as_the_camera_was_held() -> None:
    large = read(pictures.from_a_phone(turned=6))[0]

    found = opened(large.body).convert("RGB")
    assert found.size == (800, 1200)
    assert found.getpixel((400, 100)) == pytest.approx((255, 0, 0), abs=12)
    assert found.getpixel((400, 1100)) == pytest.approx((0, 0, 255), abs=12)


def test_transparency_is_kept() -> None:
    clear = Image.new("RGBA", (60, 40), (255, 0, 0, 0))

    assert opened(read(written(clear))[0].body).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_of_an_animation_the_first_picture_is_taken() -> None:
    found = opened(read(pictures.animation())[0].body)

    assert getattr(found, "n_frames", 1) == 1
    assert found.convert("RGB").getpixel((30, 20)) == pytest.approx((255, 0, 0), abs=12)


def test_sixteen_bits_of_grey_are_not_burnt_out() -> None:
    grey = Image.new("I;16", (40, 40), 32768)

    assert opened(read(written(grey))[0].body).convert("L").getpixel((5, 5)) == pytest.approx(128, abs=4)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (pictures.bomb(), "picture-too-many-pixels"),
        (pictures.bomb(20_000, 10), "picture-too-many-pixels"),
        (pictures.bomb(7_200, 7_000), "picture-too-many-pixels"),
        (pictures.bomb(400, 400), "picture-broken"),
        (written(picture(), "JPEG")[:3000], "picture-broken"),
        (written(picture(), "JPEG")[:10], "picture-broken"),
        (written(picture(), "PNG")[:-200], "picture-broken"),
        (pictures.with_archive(), "picture-hides-something"),
        (pictures.with_page(), "picture-hides-something"),
        (written(picture(), "JPEG") + b"<?PHP system($_GET[0]);", "picture-hides-something"),
        (pictures.SVG, "picture-is-svg"),
        (b"\xef\xbb\xbf  " + pictures.SVG, "picture-is-svg"),
        (pictures.HEIC, "picture-is-heic"),
        (pictures.PDF, "picture-unknown"),
        (b"#!/bin/sh\nrm -rf /\n", "picture-unknown"),
        (written(picture(), "TIFF"), "picture-unknown"),
        (written(picture(), "BMP"), "picture-unknown"),
        (b"", "picture-unknown"),
    ],
)
def test_what_is_no_harmless_picture_is_refused_by_what_is_in_it(body: bytes, code: str) -> None:
    assert refused(body) == code
