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
from fanfare.pictures.sizes import object_name
from fanfare.platform.caller import roles_of
from fanfare.platform.desk import Desk
from fanfare.platform.objects import Objects
from fanfare.rewards.reading import mine
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
passkeys.json    passkeys that sign you in: their names, public keys, when they were added and last used
texts.json       every text that you wrote, or that a title of yours says, with salt and hash, under which the record names it
ideas.json       your ideas with all their versions
comments.json    your comments
support.json     the ideas you supported, and those you took your support back from
acts.json        everything the public timeline tells of you: what, when, at which position
ballots.json     for each round in which you voted: your token in it, and every ballot that the record holds under that token
credits.json     rounds in which the record says that you took part
mail.json        mail to you that has not left yet, or failed to; secrets in links are cut out
invitations.json invitations to your address that were not used yet, without what would open them
links.json       links that were sent to you lately, also to an earlier address of yours, without what would open them
drafts.json      drafts of campaigns that you began
flags.json       what you told moderators in private: of what, by which rule, in which words
awards.json      your points, badges, tiers and titles, standing and fallen: the rule or the host, and the event that earned each
standings.json   whether you left the standings of fans, if you ever did
rights.json      rights that you were given for a time, where and until when, and those that were ended before
kudos.json       kudos that you gave, and those that you got: whether each counts, and the words that are yours
thanks.json      thank-yous that came to you, in their words, and what you answered; those that you wrote, without the answers
circles.json     circles you were invited to, entered or left, and whether you belong
notes.json       notes you wrote in circles, and whether one is hidden and why; those you reported; briefs you shared
offers.json      rewards that were offered to you, how each stands, and the address you gave while it is kept
looks.json       when hosts saw that address
newcomers.json   your own link and how many joined by it; by whose you came; whom you brought in; welcomes to you and by you
draws.json       the draws you entered or left, the place in which you were drawn, and what you said to that
answers.json     where you have a role: the answers that you gave for the brand, and what you hid or showed again, with reasons
pictures.json    every picture you sent that is still here, with the salt and the hash under which the record names it
files/           those pictures, each at its largest size: `files/`, the hash, `.webp`

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
PICTURES: LiteralString = """
    select hash, encode(salt, 'hex') as salt, sizes, kept_at from record.pictures where member = %(member)s order by hash
"""
IDEAS: LiteralString = """
    select idea, campaign, round, raised_at, withdrawn, supporters, ideas.version as current,
           (select json_agg(json_build_object('version', versions.version, 'written_at', versions.written_at,
                                              'title', title.text, 'body', body.text, 'tags', tags.text,
                                              'pictures', (select json_agg(shown.picture order by shown.place)
                                                 from pictures.shown where (shown.idea, shown.version, shown.title)
                                                                         = (versions.idea, versions.version, versions.title)))
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
# Nothing of an address that she asked for and has not confirmed: it would tell her whether another member has it.
MAIL: LiteralString = """
    select recipient, subject, body, created_at, attempts, failure from vault.outbox
     where recipient = %(email)s
        or recipient in (select email from vault.links where member = %(member)s and purpose = 'address-undo') order by id
"""
LINKS: LiteralString = """
    select purpose, email, next, expires_at, used_at from vault.links
     where email = %(email)s or member = %(member)s and purpose = 'address-undo' order by expires_at
"""
PASSKEYS: LiteralString = """
    select name, encode(credential, 'hex') as credential, encode(public_key, 'hex') as public_key, sign_count, transports,
           created_at, used_at
      from vault.passkeys where member = %(member)s order by created_at
"""
INVITATIONS: LiteralString = """
    select role, created_at, expires_at from vault.invitations where email = %(email)s order by created_at
"""
DRAFTS: LiteralString = "select id, version, changed_at, body from desk.drafts where by_member = %(member)s order by id"
FLAGS: LiteralString = """
    select content, kind, campaign, idea, rule, words, at, settled_at from desk.flags
     where member = %(member)s order by at, content
"""
ANSWERS: LiteralString = """
    select '0:' || (place >> 16) || ':' || (place & 65535) as position, at, wire, idea, content, said, text as reason
      from (select place, given.at, 'fanfare.idea.answered.v1' as wire, idea, idea as content, status as said, reason
              from answers.given where by_member = %(member)s
            union all
            select place, acts.at, case when hides then 'fanfare.content.hidden.v1' else 'fanfare.content.shown.v1' end,
                   idea, content, rule, reason from moderation.acts where by_member = %(member)s) as found
      left join record.texts on hash = reason order by place
"""
AWARDS: LiteralString = """
    select '0:' || (place >> 16) || ':' || (place & 65535) as position, at, award, kind, points, level, texts.text as title,
           stands, rule, version, cause, cause_offset, by_member as by, because, until, campaign, season
      from recognition.awards left join record.texts on hash = words where awards.member = %(member)s order by place
"""
STANDINGS: LiteralString = "select has_left, turn from recognition.fans where member = %(member)s"
RIGHTS: LiteralString = """
    select '0:' || (place >> 16) || ':' || (place & 65535) as position, at, wire as event, details - 'member' - 'reason' as told,
           text as reason
      from site.decisions left join record.texts on hash = details ->> 'reason'
     where decisions.member = %(member)s and wire in ('fanfare.power.granted.v1', 'fanfare.power.ended.v1') order by place
"""
KUDOS: LiteralString = """
    select '0:' || (place >> 16) || ':' || (place & 65535) as position, kudos.at, kudos, by_member as by, to_member as to, about,
           counts, taken_back, case when by_member = %(member)s then text end as words
      from recognition.kudos left join record.texts on hash = words
     where by_member = %(member)s or to_member = %(member)s order by place
"""
THANKS: LiteralString = """
    select thanks.id, 'to you' as way, words, question, delivered_at as at, mailed, opened_at, answered_at, answer
      from vault.thanked join vault.thanks on thanks.id = thanked.thanks where member = %(member)s and delivered_at is not null
    union all
    select id, 'by you', words, question, written_at, null, null, null, null from vault.thanks where by_member = %(member)s
     order by at, id
"""
NEWCOMERS: LiteralString = """
    select 'your link' as what, code as of, made_at as at, came as joined, null as words from vault.bringers
     where member = %(member)s
    union all select 'by whose link you came', by_member, at, null, null from vault.arrivals where newcomer = %(member)s
    union all select 'who brought you in', by_member, at, null, null from newcomers.brought where newcomer = %(member)s
    union all select 'whom you brought in', newcomer, at, null, null from newcomers.brought where by_member = %(member)s
    union all select 'a welcome to you', by_member, at, null, null from newcomers.welcomes where newcomer = %(member)s
    union all select 'a welcome by you', newcomer, at, null, text
      from newcomers.welcomes left join record.texts on hash = words where by_member = %(member)s
     order by what
"""
CIRCLES: LiteralString = """
    select circles.circle, coalesce(invited %% 2 = 1, false) as invited, coalesce(came, 0) as turn,
           exists (select from counted.belonging where belonging.circle = circles.circle and member = %(member)s) as belongs
      from counted.circles left join counted.circle_turns on circle_turns.circle = circles.circle and member = %(member)s
     where circle_turns.circle is not null
        or exists (select from counted.belonging where belonging.circle = circles.circle and member = %(member)s)
     order by circles.circle
"""
NOTES: LiteralString = """
    select id, 'a note of yours' as what, brief, words, written_at as at, hidden_at, hidden_why as why
      from vault.notes where member = %(member)s
    union all select note, 'a note you reported', null, null, at, null, null from vault.note_reports where member = %(member)s
    union all select id, 'a brief of yours', circle, title || E'\n' || words, written_at, null, null
      from vault.briefs where by_member = %(member)s
     order by at, id
"""
DRAWS: LiteralString = """
    select presses.draw, max(turn) %% 2 = 1 as entered,
           (select ranked.place from draws.ranked where ranked.draw = presses.draw and ranked.member = %(member)s) as place,
           (select json_agg(json_build_object('accepts', accepts, 'at', answers.at) order by answers.at) from draws.answers
             where answers.draw = presses.draw and answers.member = %(member)s) as answers
      from draws.presses where member = %(member)s group by presses.draw order by presses.draw
"""
LOOKS: LiteralString = "select offer, by_member as by, at from vault.address_looks where member = %(member)s order by at, offer"
QUERIES: Mapping[str, LiteralString] = {
    "sessions.json": SESSIONS,
    "passkeys.json": PASSKEYS,
    "texts.json": TEXTS,
    "pictures.json": PICTURES,
    "ideas.json": IDEAS,
    "comments.json": COMMENTS,
    "support.json": SUPPORT,
    "acts.json": ACTS,
    "credits.json": CREDITS,
    "mail.json": MAIL,
    "links.json": LINKS,
    "invitations.json": INVITATIONS,
    "drafts.json": DRAFTS,
    "flags.json": FLAGS,
    "awards.json": AWARDS,
    "standings.json": STANDINGS,
    "rights.json": RIGHTS,
    "kudos.json": KUDOS,
    "thanks.json": THANKS,
    "looks.json": LOOKS,
    "newcomers.json": NEWCOMERS,
    "draws.json": DRAWS,
    "circles.json": CIRCLES,
    "notes.json": NOTES,
    "answers.json": ANSWERS,
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


async def export(desk: Desk, objects: Objects, member: str) -> IO[bytes]:
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
            offers = await mine(connection, desk.streams, member, desk.now)
            _put(archive, "offers.json", [each.model_dump(mode="json") for each in offers])
            for row in await _rows(connection, PICTURES, member=member):
                if body := await objects.get(object_name(row["hash"], "large")):
                    archive.writestr(f"files/{row['hash']}.webp", body)
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
