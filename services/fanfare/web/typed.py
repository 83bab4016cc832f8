"""What a form brought: its fields as text, and the hidden ones that every form of a decision carries."""

import secrets
from collections.abc import Mapping

import msgspec
from fastapi import Request

from fanfare.platform.desk import Asked
from fanfare.platform.edge import Caller, asked
from fanfare.platform.requests import RANDOM
from fanfare.record.kinds import digest

Fields = Mapping[str, str]


async def posted(request: Request) -> dict[str, str]:
    """Return the fields of a posted form; files are left out."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def fresh_key() -> str:
    """Return an Idempotency-Key for a form that is about to be shown."""
    return secrets.token_urlsafe(12)


def key_of(fields: Fields) -> str:
    """Return the Idempotency-Key of a posted form; a random one where it was tampered with."""
    key = fields.get("key", "")
    return key if 1 <= len(key) <= 200 and key.isprintable() else RANDOM + secrets.token_hex(16)


def whole(text: str) -> int | None:
    """Return *text* as a whole number of at most nine digits; none where it is something else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def decision_asked(host: Caller, command: str, target: str, fields: Fields) -> Asked:
    """Say what a host asks for with a form that shows the campaign as of its field `after`."""
    body = digest(msgspec.json.encode({name: text for name, text in fields.items() if name not in ("csrf", "key")}, order="sorted"))
    request = asked(host, command, target, key_of(fields), body)
    return msgspec.structs.replace(request, after=whole(fields.get("after", "")))
