"""What a host's form brought: its fields as text, and the hidden ones that every form of a decision carries."""

from collections.abc import Mapping

import msgspec
from fastapi import Request

from fanfare.platform.caller import Caller
from fanfare.platform.desk import Asked
from fanfare.platform.edge import asked
from fanfare.record.kinds import canonical, digest
from fanfare.web.pages.forms import Sent, sent

Fields = Mapping[str, str]


async def posted(request: Request) -> dict[str, str]:
    """Return the fields of a posted form; files are left out."""
    return dict((await sent(request)).values)


def key_of(fields: Fields) -> str:
    """Return the Idempotency-Key of a posted form; a random one where it was tampered with."""
    return Sent(fields).key


def whole(text: str) -> int | None:
    """Return *text* as a whole number of at most nine digits; none where it is something else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def decision_asked(host: Caller, command: str, target: str, fields: Fields) -> Asked:
    """Say what a host asks for with a form that shows the campaign as of its field `after`."""
    told = sorted((name, text) for name, text in fields.items() if name not in ("csrf", "key"))
    request = asked(host, command, target, key_of(fields), digest(canonical(told)))
    return msgspec.structs.replace(request, after=whole(fields.get("after", "")))
