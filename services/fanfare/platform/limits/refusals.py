"""What is refused because it is too much, too slow or too large, whoever asks."""

from fanfare.platform import saying
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.limits.rules import Rule
from fanfare.platform.refusals import Refusal

_UNITS: tuple[tuple[int, saying.Unit], ...] = ((3600, "hour"), (60, "minute"), (1, "second"))

_TOO_MANY = {
    "member": marked("Too many %(counted)s came from you. Come back in %(wait)s; nothing you wrote is lost."),
    "address": marked("Too many %(counted)s came from your network. Come back in %(wait)s; nothing you wrote is lost."),
    "mailbox": marked("Too many %(counted)s came to this mailbox. Come back in %(wait)s; nothing you wrote is lost."),
    "site": marked("Too many %(counted)s came in all. Come back in %(wait)s; nothing you wrote is lost."),
}


class TooManyRequests(Refusal):
    """This is more than we take at once."""

    code, status, advice = "too-many-requests", 429, "Nothing you wrote is lost. Come back after the seconds in Retry-After."


class TooSlow(Refusal):
    """The request arrived too slowly."""

    code, status, advice = "too-slow", 408, "Nothing was done. Send it again when the connection is better."


class HeadTooLarge(Refusal):
    """The request has too many headers, or too large ones."""

    code, status, advice = "head-too-large", 431, "Send at most 100 headers of 32 KiB together; delete the cookies of this site."


class LinkTooLong(Refusal):
    """This web address is too long."""

    code, status, advice = "link-too-long", 414, "An address has at most 8 KiB with its query. Copy it again."


class BodyEncoded(Refusal):
    """The body is compressed."""

    code, status, advice = "body-encoded", 415, "Send it as it is, without Content-Encoding."


class TooManyFields(Refusal):
    """The form has too many fields."""

    code, status, advice = "too-many-fields", 422, "A form has at most 2,000 fields. Load the page and fill it in again."


class TooManyUploads(Refusal):
    """Too many files are coming in at once."""

    code, status, advice = "too-many-uploads", 503, "Nothing was kept. Send it again in a few seconds."


class NotHttp(Refusal):
    """This is no HTTP request."""

    code, status, advice = "not-http", 400, "The head of the request cannot be read."


class Crowded(Refusal):
    """Too many connections are open."""

    code, status, advice = "crowded", 503, "Nothing was done. Try again in a few seconds."


def in_words(seconds: int) -> str:
    """Return a time to wait as people say it, rounded up: `40 seconds`, `3 minutes`, `2 hours`."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds > 2 * size or size == 1)
    count = max(1, -(-seconds // size))
    return saying.span(count, unit)


def too_many(rule: Rule, wait_s: int) -> TooManyRequests:
    """Return the refusal of what is over *rule*, to be tried again in *wait_s*; the problem names the rule."""
    message = _(_TOO_MANY[rule.of], counted=_(rule.counts), wait=in_words(wait_s))
    return TooManyRequests(message, rule=rule.name, retry_after=wait_s)
