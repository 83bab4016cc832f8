"""All that is kept of one member, as JSON in a ZIP archive that explains itself. Nothing of others is in it, and no secret."""

import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.caller import roles_of
from fanfare.platform.desk import Desk
from fanfare.voting import tokens

_SPOOLED = 1024 * 1024
"""Bytes; a larger archive waits in a nameless file until it is sent."""
_TOKEN = re.compile(r"(token=)[^\s&]+")

README = """What this site keeps of you
===========================

Every file is JSON: a list, or one object. Times are UTC. A position such as 0:1204:0 says where the record holds an event:
partition, entry, place in the entry. Anybody can look it up in an archive of the record.

profile.json     your member id, name, address, when you joined, your roles now
sessions.json    browsers you are signed in with and API tokens, without what would open them
texts.json       every text you wrote that is still here, with the salt and the hash under which the record names it
ideas.json       your ideas with all their versions
comments.json    your comments
support.json     the ideas you supported, and those you took your support back from
acts.json        everything the public timeline tells of you: what, when, at which position
ballots.json     for each round in which you voted: your token in it, and every ballot that the record holds under that token
credits.json     rounds in which the record says that you took part
mail.json        mail to you that has not left yet, or failed to; secrets in links are cut out
links.json       links that were sent to you in the last day, without what would open them
drafts.json      drafts of campaigns that you began
files/           files you uploaded; there are none yet

What is not in it: texts, names and addresses of others, and the secret from which your voter tokens are made. Whoever had that
could find your ballots.
"""

SESSIONS: LiteralString = """
    select encode(substr(hash, 1, 16), 'hex') as id, kind, label, created_at, expires_at from vault.sessions
     where member = %(member)s order by created_at
"""
TEXTS: LiteralString = """
    select hash, encode(salt, 'hex') as salt, text from record.texts where member = %(member)s order by hash
"""
IDEAS: LiteralString = """
    select idea, campaign, round, raised_at, withdrawn, supporters, ideas.version as current,
           (select json_agg(json_build_object('version', versions.version, 'written_at', versions.written_at,
                                              'title', title.text, 'body', body.text, 'tags', tags.text)
                            order by versions.version)
              from ideas.versions left join record.texts as title on title.hash = versions.title
              left join record.texts as body on body.hash = versions.body
              left join record.texts as tags on tags.hash = versions.tags where versions.idea = ideas.idea) as versions
      from ideas.ideas where author = %(member)s order by place
"""
COMMENTS: LiteralString = """
    select comment, idea, written_at, text from ideas.comments left join record.texts on hash = body
     where author = %(member)s order by place
"""
SUPPORT: LiteralString = "select idea, supports, number from ideas.support where member = %(member)s order by idea"
ACTS: LiteralString = """
    select '0:' || "offset" || ':' || index as position, event_id, wire, at, campaign, round, idea from timeline.acts
     where member = %(member)s order by place
"""
CREDITS: LiteralString = "select round from counted.took_part where member = %(member)s order by round"
MAIL: LiteralString = """
    select subject, body, created_at, attempts, failure from vault.outbox where recipient = %(email)s order by id
"""
LINKS: LiteralString = """
    select purpose, next, expires_at, used_at from vault.links where email = %(email)s order by expires_at
"""
DRAFTS: LiteralString = "select id, version, changed_at, body from desk.drafts where by_member = %(member)s order by id"
QUERIES: Mapping[str, LiteralString] = {
    "sessions.json": SESSIONS,
    "texts.json": TEXTS,
    "ideas.json": IDEAS,
    "comments.json": COMMENTS,
    "support.json": SUPPORT,
    "acts.json": ACTS,
    "credits.json": CREDITS,
    "mail.json": MAIL,
    "links.json": LINKS,
    "drafts.json": DRAFTS,
}
VOTED: LiteralString = """
    select took_part.round, key, secret from vault.took_part join vault.members on members.id = member
      join vault.round_keys using (round) where member = %(member)s order by took_part.round
"""
BALLOTS: LiteralString = """
    select event_id, ballots.partition || ':' || ballots."offset" || ':' || ballots.index as position, number, minute,
           ballots.options, rounds.round
      from counted.ballots join standings.rounds using (terms) where voter = %(voter)s order by number
"""


async def export(desk: Desk, member: str) -> IO[bytes]:
    """
    Return the archive of a member, at its beginning; whoever reads it closes it.

    It is made whole before the first byte is sent, so a slow reader holds no connection to the database.

    Raises:
        MemberNotFound: she was erased in this very moment.
    """
    made = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - the reader closes it
    async with desk.pool.connection() as connection, connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        known = await vault.by_id(connection, member)
        if known is None:
            made.close()
            raise MemberNotFound
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", README)
            _put(archive, "profile.json", _profile(desk, known))
            for name, query in QUERIES.items():
                rows = await _rows(connection, query, member=member, email=known.email)
                _put(archive, name, _without_secrets(rows) if name == "mail.json" else rows)
            _put(archive, "ballots.json", await _ballots(connection, member))
            archive.writestr("files/README.txt", "Files that you upload will be here. There are none yet.\n")
    made.seek(0)
    return made


def headers(member: str) -> dict[str, str]:
    """Return the headers of the download: its name, and that nobody on the way keeps a copy."""
    return {
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="fanfare-{member}.zip"',
        "Cache-Control": "no-store",
    }


def _profile(desk: Desk, known: vault.Member) -> dict[str, object]:
    roles = sorted(roles_of(desk, known.id))
    return {**msgspec.structs.asdict(known), "site": desk.source, "roles": roles, "exported_at": desk.now}


def _put(archive: zipfile.ZipFile, name: str, value: object) -> None:
    archive.writestr(name, msgspec.json.format(msgspec.json.encode(value), indent=2))


async def _rows(connection: AsyncConnection, query: LiteralString, **asked: str | None) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(query, asked)).fetchall()


def _without_secrets(mails: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "body": _TOKEN.sub(r"\1…", each["body"])} for each in mails]


async def _ballots(connection: AsyncConnection, member: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for row in await _rows(connection, VOTED, member=member):
        voter = tokens.token(bytes(row["key"]), bytes(row["secret"]))
        ballots = [each for each in await _rows(connection, BALLOTS, voter=voter) if each.pop("round") == row["round"]]
        found.append({"round": row["round"], "token": voter, "ballots": ballots})
    return found
