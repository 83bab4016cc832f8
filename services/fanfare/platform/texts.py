"""Texts: checked when they come in, kept beside the record, in it only as salted hashes."""

import secrets
import unicodedata
from collections.abc import Iterable, Mapping

from psycopg import AsyncConnection

from fanfare.platform import saying
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import TextRefused
from fanfare.record.kinds import text_hash

TITLE, LINE, BODY = 120, 300, 10_000
"""The most characters of a title, a line and a body."""
_JOINERS = {"\u200c", "\u200d"}
_BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}
"""Letters and symbols that are drawn as nothing: a text of these alone is empty."""
_BIDI = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def checked(text: str, field: str, most: int, *, lines: bool = False, said: str = "") -> str:
    """
    Return *text* without surrounding space, otherwise as it was written.

    Args:
        field: how the problem names it, and its refusal in the language of the request.
        said: how its refusal names it, where that is more than the field.
        most: the most characters it may have.
        lines: whether it may have several lines.

    Raises:
        TextRefused: empty, too long, or with characters that nobody can see.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > most:
        message = _(
            "The %(field)s has %(count)s characters; %(most)s is the most. Shorten it; nothing was lost.",
            field=said or _(field), count=saying.number(len(text)), most=saying.number(most),
        )  # fmt: skip
        raise TextRefused(message, field=field)
    hidden = {each for each in text if _hidden(each, lines=lines)}
    if hidden:
        codes = ", ".join(sorted(f"U+{ord(each):04X}" for each in hidden)[:4])
        message = _(
            "The %(field)s has characters that cannot be seen or that turn the reading direction (%(codes)s). Remove them.",
            field=said or _(field), codes=codes,
        )  # fmt: skip
        raise TextRefused(message, field=field)
    if not any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK for each in text):
        message = _("The %(field)s is empty. Write something there.", field=said or _(field))
        raise TextRefused(message, field=field)
    return text


def _hidden(each: str, *, lines: bool) -> bool:
    if each in _JOINERS or (lines and each in "\n\t"):
        return False
    return each in _BIDI or unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def tags(written: str) -> str:
    """
    Return tags as one text: lower case, each once, separated by a comma and a space.

    Raises:
        TextRefused: more than five tags, or one longer than 30 characters.
    """
    found = list(dict.fromkeys(each.strip().lower() for each in written.split(",") if each.strip()))
    if len(found) > 5:
        message = _("There are %(count)s tags; five are the most. Leave some out.", count=len(found))
        raise TextRefused(message, field="tags")
    return ", ".join(checked(each, marked("tag"), 30) for each in found)


async def keep(connection: AsyncConnection, texts: Iterable[str], member: str | None) -> dict[str, str]:
    """
    Write *texts* with fresh salts, before the event that names them, and return the hash of each.

    A crash before the event leaves texts that nothing refers to; they are never served or exported.
    """
    found = dict.fromkeys(texts)
    salts = {text: secrets.token_bytes(16) for text in found}
    hashes = {text: text_hash(salts[text], text) for text in found}
    await connection.execute(
        "insert into record.texts (hash, salt, text, member) select *, %s from unnest(%s::text[], %s::bytea[], %s::text[])",
        (member, list(hashes.values()), [salts[text] for text in found], list(found)),
    )
    return hashes


async def read(connection: AsyncConnection, hashes: Iterable[str]) -> Mapping[str, str]:
    """Return the texts of these hashes; an erased one is missing."""
    query = "select hash, text from record.texts where hash = any(%s)"
    return dict(await (await connection.execute(query, (sorted(set(hashes)),))).fetchall())
