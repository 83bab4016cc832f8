"""Forms: what a browser sent, who sent it, and what is said of a field that was refused."""

import re
import secrets
from collections.abc import Mapping, Sequence

import msgspec
from fastapi import Request

from fanfare.members.csrf import guard
from fanfare.platform.caller import Caller
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound, Refusal, SessionExpired, SignInNeeded
from fanfare.platform.requests import RANDOM
from fanfare.record.kinds import canonical, digest
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.shell import Form
from fanfare.web.shells import visitor_of

_ID = re.compile(r"[a-z0-9]{1,64}")


class Sent(msgspec.Struct, frozen=True):
    """What a form sent: text fields, the first of each name, and the options that were marked."""

    values: Mapping[str, str]
    options: Sequence[str] = ()

    def value(self, name: str) -> str:
        """Return a field; empty where it was not sent."""
        return self.values.get(name, "")

    @property
    def key(self) -> str:
        """The Idempotency-Key of the form, or a random one."""
        given = self.value("key")
        return given if 1 <= len(given) <= 200 and given.isprintable() else RANDOM + secrets.token_hex(16)

    def digest(self, *names: str) -> str:
        """Return the digest of these fields and the marked options: what the key stands for."""
        return digest(canonical([[self.value(name) for name in names], sorted(set(self.options))]))

    def number(self, name: str) -> int:
        """Return a field that is a number from 1 on; 0 where it is none."""
        text = self.value(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


async def sent(request: Request) -> Sent:
    """Return what a form sent; files are passed over."""
    form = await request.form()
    values: dict[str, str] = {}
    options: list[str] = []
    for name, value in form.multi_items():
        if not isinstance(value, str):
            continue
        if name == "option":
            options.append(value)
        values.setdefault(name, value)
    return Sent(values, options)


async def writer(request: Request) -> Caller:
    """
    Return who sent a form.

    Raises:
        ForeignOrigin, FormOutdated: it is not a form of ours, or of another sign-in.
        SignInNeeded: nobody is signed in; what she typed has to be shown again.
    """
    await guard(request)
    found = await visitor_of(request)
    if found is None:
        message = _("Sign in in another tab, then send this again. What you wrote is kept here.")
        raise (SessionExpired if getattr(request.state, "session_expired", False) else SignInNeeded)(message)
    return found


def again(form: Sent, refusal: Refusal, fields: Mapping[str, str]) -> Form:
    """
    Return the form as it is shown again: nothing typed is lost, and what is wrong stands beside its field.

    Args:
        fields: by the field that a refusal names, the one of the form; what names none is said of the whole form.
    """
    field = fields.get(str(refusal.extra.get("field", "")), "")
    said = str(refusal) if field else f"{refusal.title} {refusal}"
    return Form(dict(form.values), {field: said})


def spoken(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Return entries of a select whose labels are marked for translation, in the language of the request."""
    return tuple(Choice(each.value, _(each.label)) for each in choices)


def fresh_key() -> str:
    """Return a key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)


def known(text: str) -> str:
    """Return an id of an address if it can be one. Raises: NotFound."""
    if not _ID.fullmatch(text):
        raise NotFound
    return text
