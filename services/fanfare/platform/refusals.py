"""Refusals: answers that say no. Each is an RFC 9457 problem with a stable code and a sentence that helps."""

from typing import ClassVar

from fanfare.platform.language import gettext


class Refusal(Exception):
    """An answer, not an error. The docstring of each refusal is its title; the message says what to do."""

    code: ClassVar[str]
    status: ClassVar[int] = 409
    advice: ClassVar[str] = ""

    def __init__(self, detail: str = "", **extra: object) -> None:
        """Say *detail* (the class's advice where it is empty); *extra* members go into the problem."""
        super().__init__(detail or (gettext(self.advice) if self.advice else ""))
        self.extra = extra

    @property
    def title(self) -> str:
        """Return the first sentence of the docstring, in the language of the request."""
        return gettext(self.in_english())

    @classmethod
    def in_english(cls) -> str:
        """Return the title as it is written here, which translators start from."""
        return (cls.__doc__ or "").strip().splitlines()[0]


class NotFound(Refusal):
    """There is no such thing here."""

    code, status, advice = "not-found", 404, "Check the address; it may have been typed or copied wrong."


class SignInNeeded(Refusal):
    """This needs a signed-in member."""

    code, status, advice = "sign-in-needed", 401, "Sign in and try again; nothing you wrote is lost."


class SessionExpired(SignInNeeded):
    """Your sign-in has ended."""

    code, advice = "session-expired", "Sign in again; nothing you wrote is lost."


class RoleNeeded(Refusal):
    """This needs a role that you do not hold."""

    code, status, advice = "role-needed", 403, "Ask an admin of this site for the role."


class ForeignOrigin(Refusal):
    """The request came from another site."""

    code, status, advice = "foreign-origin", 403, "Open the page on this site and press the button there."


class Overtaken(Refusal):
    """Somebody else decided at the same time, and was first."""

    code, advice = "overtaken", "Nothing of yours took effect. Look at what has changed, then decide again."


class KeyReused(Refusal):
    """This Idempotency-Key came before with another body."""

    code, status, advice = "idempotency-key-reused", 422, "Use a new key for a new request; repeat a request with the same body."


class Invalid(Refusal):
    """Something in the request is not as it has to be."""

    code, status = "invalid", 422


class TextRefused(Invalid):
    """A text cannot be taken as it is."""

    code = "text-refused"


class TooLarge(Refusal):
    """The request is too large."""

    code, status, advice = "too-large", 413, "Send at most 256 KiB; a text has at most 10,000 characters."


class UploadTooLarge(Refusal):
    """The file is too large."""

    code, status, advice = "upload-too-large", 413, "Send at most 12 MB. Make a smaller copy of it, and send that."


class TooMuchAtOnce(Refusal):
    """This is more than one decision can hold."""

    code, status, advice = (
        "too-much-at-once",
        422,
        "A decision holds 60 KiB. Publish with fewer rounds or options, and add the rest.",
    )


class Busy(Refusal):
    """The record takes no more for a moment."""

    code, status, advice = "busy", 503, "Nothing was written. Try again in a second."


class Moving(Refusal):
    """The record is being moved to where there is more room."""

    code, status, advice = "moving", 503, "Nothing was written. Try again in a few minutes, with the same Idempotency-Key."


class Moved(Refusal):
    """The record has moved, and this process was not told."""

    code, status, advice = (
        "moved",
        503,
        "Nothing was written. Whoever runs this site has to set FANFARE_KAFKA_BROKERS and restart it.",
    )


class ReaderTooOld(Refusal):
    """The record holds a decision that this version of Fanfare does not know."""

    code, status, advice = "reader-too-old", 503, "Nothing was written. Whoever runs this site has to upgrade it."


class NotYetThere(Refusal):
    """The page has not caught up with the position you asked it to wait for."""

    code, status, advice = "not-yet-there", 503, "What you wrote is safe in the record. Try again in a second."
