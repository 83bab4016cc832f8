"""What pictures refuse."""

from fanfare.platform.refusals import Invalid, Refusal


class PictureUnknown(Invalid):
    """This is not a picture that we can read."""

    code = "picture-unknown"
    advice = "Send a JPEG, PNG, WebP, GIF or AVIF picture. What is in the file counts; its name and its ending do not."


class PictureIsSvg(Invalid):
    """SVG pictures are not taken."""

    code, advice = "picture-is-svg", "An SVG file can hold programs. Save it as PNG or WebP, and send that."


class PictureIsHeic(Invalid):
    """HEIC pictures cannot be read here."""

    code = "picture-is-heic"
    advice = "Save it as JPEG and send that. An iPhone does so by itself under Settings, Camera, Formats, Most Compatible."


class PictureTooManyPixels(Invalid):
    """The picture has too many pixels."""

    code, advice = "picture-too-many-pixels", "At most 50 megapixels are read, and 16,000 along an edge. Send a smaller copy."


class PictureBroken(Invalid):
    """The picture is damaged or cut off."""

    code, advice = (
        "picture-broken",
        "Open it on your device; if it looks right there, save it again as JPEG or PNG and send that.",
    )


class PictureHidesSomething(Invalid):
    """There is something else in this file beside the picture."""

    code = "picture-hides-something"
    advice = "It is also an archive, a page or a program. Open the picture, save it anew as JPEG or PNG, and send that."


class PictureTooHard(Invalid):
    """Reading this picture takes too long or too much memory."""

    code, advice = "picture-too-hard", "Save it again as a plain JPEG of a smaller size, and send that."


class PicturesBusy(Refusal):
    """Too many pictures are being read at this moment."""

    code, status, advice = "pictures-busy", 503, "Nothing was kept. Send it again in a few seconds."


class PictureMissing(Invalid):
    """There is no picture in this request."""

    code, advice = "picture-missing", "Choose a file first, then press the button."


class PictureNotFound(Invalid):
    """One of the pictures is not there."""

    code, advice = "picture-not-found", "It was removed, or another member sent it. Leave it out, or send it again."


class TooManyPictures(Invalid):
    """An idea has at most four pictures."""

    code, advice = "too-many-pictures", "Keep the four that say most, and take the others out."


class PictureGone(Refusal):
    """This picture was removed."""

    code, status, advice = (
        "picture-gone",
        410,
        "Its author or a moderator took it away, or its author was erased. It does not come back.",
    )


REFUSED: dict[str, type[Refusal]] = {
    each.code: each
    for each in (
        *(PictureUnknown, PictureIsSvg, PictureIsHeic, PictureTooManyPixels),
        *(PictureBroken, PictureHidesSomething, PictureTooHard),
    )
}
"""What the process that reads pictures can refuse, by code."""
