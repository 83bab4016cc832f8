"""Who may call what: the one table of all routes. A route that is not in it fails the access tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.api.ground import Things
from tests.site_fixture import round_of

MEMBERS = frozenset(("fan", "author", "host", "moderator", "auditor", "admin"))
ALL = MEMBERS | {"stranger", "ended", "revoked"}
HOSTS, ADMINS, AUTHOR = frozenset(("host", "admin")), frozenset(("admin",)), frozenset(("author",))
MODERATORS = HOSTS | {"moderator"}
PROTECTORS = AUTHOR | MODERATORS
"""Whoever may remove the author's comment."""

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """Who may call a route, and with what she calls it: an object for the API, fields of a form for a page."""

    who: frozenset[str] = ALL
    body: Callable[[Things], Body] = field(default=lambda _: {})
    passes: bool = False
    """It only leads on to where the answer is given, whatever the id."""
    streams: bool = False
    """Its answer has no end: only wrong ids are tried here, the rest is in test_live_pages.py."""
    at: str = ""
    """The round that the path means: planned or ideas; else the one with ballots."""


def _fields(**given: Any) -> Callable[[Things], Body]:  # noqa: ANN401 - values of JSON
    return lambda _: given


def _later(days: int = 3) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


_REASON = _fields(reason="The mail came late.")
_IDEA = _fields(title="Pine & Lime", body="Tips steeped like tea.", tags="pine")
_WORDS = {"question": "Which?", "asked_by": "Dora", "why": "Room for one.", "outcome": "It is cooked.", "reason": "Clearer."}
_NO_LINK = _fields(token="x" * 43)
_TEXT = _fields(text="Cold as the first morning.")
A_RULE: Mapping[str, Any] = {
    "rule": "first-idea",
    "title": "Spark",
    "words": "An idea is where everything begins.",
    "deeds": ["idea-raised"],
    "earns": {"kind": "points", "points": 5},
}

A_DRAW: Mapping[str, Any] = {"purpose": "prize", "title": "A crate", "gets": "One crate.", "who": "Every member."}

API: Mapping[str, Row] = {
    "GET openapi.json": Row(),
    "GET site": Row(),
    "GET campaigns": Row(),
    "GET campaigns/{campaign_id}": Row(),
    "GET campaigns/{campaign_id}/timeline": Row(),
    "GET campaigns/{campaign_id}/report": Row(),
    "GET campaigns/{campaign_id}/report.csv": Row(),
    "GET campaigns/{campaign_id}/ideas": Row(),
    "GET campaigns/{campaign_id}/ideas/similar": Row(),
    "POST campaigns/{campaign_id}/rounds": Row(HOSTS, lambda _: round_of(opens_at=_later(1), closes_at=_later())),
    "GET rounds/{round_id}": Row(),
    "GET rounds/{round_id}/terms": Row(),
    "GET rounds/{round_id}/report": Row(),
    "GET rounds/{round_id}/report.csv": Row(),
    "GET rounds/{round_id}/leaderboard": Row(),
    "GET rounds/{round_id}/leaderboard/history": Row(),
    "GET rounds/{round_id}/paper": Row(MEMBERS),
    "GET rounds/{round_id}/my-ballots": Row(MEMBERS),
    "PUT rounds/{round_id}/ballot": Row(MEMBERS, _fields(number=1, options=["o2"])),
    "POST rounds/{round_id}/ideas": Row(MEMBERS, _IDEA, at="ideas"),
    "PUT rounds/{round_id}/plan": Row(HOSTS, lambda _: round_of(opens_at=_later(1), closes_at=_later()), at="planned"),
    "POST rounds/{round_id}/open": Row(HOSTS, at="planned"),
    "POST rounds/{round_id}/close": Row(HOSTS),
    "POST rounds/{round_id}/pause": Row(HOSTS, _REASON),
    "POST rounds/{round_id}/resume": Row(HOSTS),
    "POST rounds/{round_id}/void": Row(HOSTS, _REASON),
    "POST rounds/{round_id}/extend": Row(HOSTS, lambda _: {"reason": "The mail came late.", "closes_at": _later(9)}),
    "POST rounds/{round_id}/reword": Row(HOSTS, lambda _: _WORDS),
    "POST rounds/{round_id}/rulings": Row(HOSTS, _fields(reason="A disk failed.", events=["1:0:0"])),
    "GET receipts/{event_id}": Row(),
    "GET ideas/{idea_id}": Row(),
    "POST pictures": Row(MEMBERS),  # without a file: see test_pictures.py
    "PUT ideas/{idea_id}": Row(AUTHOR, lambda _: {"title": "Pine", "body": "Like tea.", "tags": "", "version": 1}),
    "DELETE ideas/{idea_id}": Row(AUTHOR),
    "PUT ideas/{idea_id}/support": Row(MEMBERS),
    "DELETE ideas/{idea_id}/support": Row(MEMBERS),
    "POST ideas/{idea_id}/comments": Row(MEMBERS, _TEXT),
    "POST texts/{text_hash}/removal": Row(PROTECTORS, _REASON),
    "GET ideas/{idea_id}/answers": Row(),
    "PUT ideas/{idea_id}/answer": Row(HOSTS, _fields(status="planned", reason="The kitchen cooks it.")),
    "POST flags": Row(MEMBERS - AUTHOR, lambda t: {"content": t.idea, "rule": "insult", "words": "The second line."}),
    "GET moderation/queue": Row(MODERATORS),
    "POST moderation/hide": Row(MODERATORS, lambda t: {"contents": [t.idea], "rule": "insult", "reason": "It calls her names."}),
    "POST moderation/show": Row(MODERATORS, lambda t: {"contents": [t.idea], "reason": "It was quoted."}),
    "POST moderation/leave": Row(MODERATORS, lambda t: {"contents": [t.idea]}),
    "POST moderation/reopen": Row(MODERATORS, lambda t: {"contents": [t.idea]}),
    "POST drafts": Row(HOSTS, _fields(template="idea-box")),
    "GET drafts/{draft_id}": Row(HOSTS),
    "PUT drafts/{draft_id}": Row(HOSTS, lambda _: {"version": 2, "draft": {"title": "Another"}}),
    "DELETE drafts/{draft_id}": Row(HOSTS),
    "POST drafts/{draft_id}/publish": Row(HOSTS),
    "POST sign-in": Row(ALL, _fields(email="anna@example.org")),
    "POST sign-in/confirm": Row(frozenset(), _NO_LINK),
    "POST sign-in/passkey/options": Row(),
    "POST sign-in/passkey": Row(ALL, _fields(credential="{}")),
    "POST sign-out": Row(),
    "GET me": Row(MEMBERS),
    "PATCH me": Row(MEMBERS, _fields(name="Dora M.")),
    "GET me/contributions": Row(MEMBERS),
    "GET me/export": Row(MEMBERS),
    "POST me/erasure/link": Row(frozenset()),
    "POST me/erasure": Row(frozenset(), _fields(words="erase me")),
    "GET me/sessions": Row(MEMBERS),
    "DELETE me/sessions/{session_id}": Row(MEMBERS),
    "GET me/passkeys": Row(MEMBERS),
    "POST me/passkeys/options": Row(frozenset()),
    "POST me/passkeys": Row(frozenset(), _fields(name="My phone", credential="{}")),
    "DELETE me/passkeys/{passkey_id}": Row(frozenset()),
    "POST me/address": Row(frozenset(), _fields(email="dora@new.example")),
    "POST me/address/confirm": Row(frozenset(), _NO_LINK),
    "POST me/address/undo": Row(frozenset(), _NO_LINK),
    "GET tokens": Row(MEMBERS),
    "POST tokens": Row(frozenset(), _fields(label="Nightly export")),
    "DELETE tokens/{token_id}": Row(MEMBERS),
    "GET members": Row(ADMINS),
    "POST members/{member_id}/roles": Row(ADMINS, _fields(role="auditor")),
    "DELETE members/{member_id}/roles/{role}": Row(ADMINS, _REASON),
    "GET members/{member_id}/kudos": Row(),
    "POST members/{member_id}/kudos": Row(MEMBERS, _fields(words="Your bay leaf made mine better.")),
    "DELETE kudos/{kudos_id}": Row(frozenset(("fan",))),  # who gave them
    "GET recognition": Row(),
    "GET recognition/rules": Row(),
    "POST recognition/rules": Row(HOSTS, lambda _: A_RULE),
    "GET recognition/rules/{rule_id}": Row(),
    "POST recognition/rules/{rule_id}/retire": Row(HOSTS, _REASON),
    "POST recognition/automation": Row(HOSTS, _fields(allowed=False, reason="People alone, for a week.")),
    "POST recognition/preview": Row(HOSTS, lambda _: A_RULE),
    "POST recognition/titles": Row(
        HOSTS, lambda t: {"member": t.author, "words": "Namer", "reason": "It won.", "because": [t.idea]}
    ),
    "POST recognition/titles/{award_id}/revoke": Row(HOSTS, _REASON),
    "GET awards/{award_id}": Row(),
    "GET members/{member_id}/awards": Row(),
    "GET members/{member_id}/recognition": Row(),
    "GET campaigns/{campaign_id}/fans": Row(),
    "GET seasons/{season}/fans": Row(),
    "GET me/standings": Row(MEMBERS),
    "PUT me/standings": Row(MEMBERS),
    "DELETE me/standings": Row(MEMBERS),
    "GET draws": Row(),
    "POST draws": Row(HOSTS, lambda _: {**A_DRAW, "closes_at": _later()}),
    "GET draws/{draw_id}": Row(),
    "PUT draws/{draw_id}/entry": Row(MEMBERS),
    "DELETE draws/{draw_id}/entry": Row(MEMBERS),
    "PUT draws/{draw_id}/seat": Row(frozenset()),  # nobody is drawn yet
    "DELETE draws/{draw_id}/seat": Row(frozenset()),
    "POST draws/{draw_id}/void": Row(HOSTS, _REASON),
    "GET operations": Row(ADMINS),
    "POST simulation/fans": Row(HOSTS, _fields(names=["Tansy"])),
}
"""Under /api/v1/. Called with a token, which makes no other, erases nobody and is no link of a mail: such rows are for nobody."""


def _form(fields: Body) -> Callable[[Things], Body]:
    return lambda _: fields


_DRAFT = {"title": "The Tenth Flavour", "zone": "UTC", "rounds": "0", "version": "2", "act": "save"}

PAGES: Mapping[str, Row] = {
    "GET /": Row(),
    "GET /brand.css": Row(),
    "GET /healthz": Row(),
    "GET /readyz": Row(),
    "GET /metrics": Row(ALL - {"revoked"}),  # on this machine's own site; a token that is wrong is wrong there too
    "GET /limits": Row(),
    "GET /check": Row(),
    "GET /problems": Row(),
    "GET /design": Row(),
    "POST /appearance": Row(ALL, _form({"theme": "dark"})),
    "GET /campaigns/{campaign_id}": Row(),
    "GET /campaigns/{campaign_id}/live": Row(streams=True),
    "GET /campaigns/{campaign_id}/timeline": Row(),
    "GET /campaigns/{campaign_id}/report": Row(),
    "GET /campaigns/{campaign_id}/ideas": Row(),
    "GET /campaigns/{campaign_id}/ideas/new": Row(MEMBERS),
    "GET /campaigns/{campaign_id}/ideas/similar": Row(),
    "POST /campaigns/{campaign_id}/ideas": Row(MEMBERS, _form({"title": "Pine", "text": "Like tea.", "tags": ""})),
    "POST /campaigns/{campaign_id}/ideas/new": Row(MEMBERS, _form({"title": "Pine", "act": "remove-1"})),
    "POST /ideas/{idea_id}/edit": Row(MEMBERS, _form({"title": "Pine", "act": "remove-1"})),
    "GET /pictures/{picture}/{size}.webp": Row(),
    "GET /ideas/{idea_id}": Row(),
    "GET /ideas/{idea_id}/versions/{number}": Row(),
    "GET /ideas/{idea_id}/supporters": Row(),
    "GET /ideas/{idea_id}/edit": Row(MEMBERS),  # whoever is not its author is led back to the idea
    "POST /ideas/{idea_id}": Row(AUTHOR, _form({"title": "Pine", "text": "Like tea.", "tags": "", "version": "1"})),
    "POST /ideas/{idea_id}/comments": Row(MEMBERS, _TEXT),
    "POST /ideas/{idea_id}/support": Row(MEMBERS, _form({"support": "yes"})),
    "POST /ideas/{idea_id}/withdraw": Row(AUTHOR),
    "GET /ideas/{idea_id}/answer": Row(HOSTS),
    "POST /ideas/{idea_id}/answer": Row(HOSTS, _form({"status": "planned", "reason": "The kitchen cooks it."})),
    "GET /flags/{content}": Row(MEMBERS - AUTHOR),
    "POST /flags/{content}": Row(MEMBERS - AUTHOR, _form({"rule": "insult"})),
    "POST /flags/{content}/back": Row(AUTHOR, _form({"words": "It was quoted."})),
    "GET /host/moderation": Row(MODERATORS),
    "GET /host/moderation/{decision}": Row(passes=True),
    "POST /host/moderation/{decision}": Row(MODERATORS, lambda t: {"contents": t.idea, "rule": "insult", "reason": "It shouts."}),
    "GET /host/campaigns/{campaign_id}/answers": Row(HOSTS),
    "POST /texts/removal": Row(PROTECTORS, lambda t: {"idea": t.idea, "texts": t.comment_text, "reason": "An address."}),
    "GET /rounds/{round_id}/ballot": Row(MEMBERS),
    "POST /rounds/{round_id}/ballot": Row(MEMBERS, _form({"paper": "1", "option": "o1"})),
    "GET /rounds/{round_id}/receipt": Row(AUTHOR),  # only she has voted; whoever has not is told that there is no ballot
    "GET /rounds/{round_id}/report": Row(),
    "GET /rounds/{round_id}/report.json": Row(passes=True),
    "GET /rounds/{round_id}/report.csv": Row(passes=True),
    "GET /rounds/{round_id}/terms": Row(passes=True),
    "GET /sign-in": Row(),
    "POST /sign-in": Row(ALL, _form({"email": "anna@example.org"})),
    "GET /sign-in/sent": Row(),
    "GET /sign-in/confirm": Row(frozenset()),
    "POST /sign-in/confirm": Row(frozenset(), _NO_LINK),
    "POST /sign-in/passkey": Row(ALL, _form({"credential": "{}"})),
    "GET /fans/{member_id}": Row(),
    "POST /sign-out": Row(),
    "GET /mailbox": Row(),
    "GET /me": Row(MEMBERS),
    "GET /me/access": Row(MEMBERS),
    "POST /me/access/name": Row(MEMBERS, _form({"name": "Dora M."})),
    "POST /me/access/tokens": Row(MEMBERS, _form({"label": "Nightly export"})),
    "POST /me/access/end": Row(MEMBERS, _form({"kind": "browser"})),
    "POST /me/access/shown": Row(MEMBERS, _form({"shown": "yes"})),
    "POST /me/access/passkeys": Row(MEMBERS, _form({"passkey": "My phone", "credential": "{}"})),
    "POST /me/access/passkeys/remove": Row(frozenset()),  # nobody here has one
    "POST /me/access/address": Row(MEMBERS, _form({"email": "nobody"})),
    "GET /me/address/confirm": Row(frozenset()),
    "POST /me/address/confirm": Row(frozenset(), _NO_LINK),
    "GET /me/address/undo": Row(frozenset()),
    "POST /me/address/undo": Row(frozenset(), _NO_LINK),
    "GET /me/kept": Row(MEMBERS),
    "POST /me/kept/link": Row(frozenset()),  # nobody here has an address
    "GET /me/erase": Row(frozenset()),
    "POST /me/erase": Row(MEMBERS, _form({"words": "not these"})),
    "POST /simulation/join": Row(ALL, _form({"role": "fan"})),
    "GET /host": Row(HOSTS),
    "GET /host/campaigns/new": Row(HOSTS),
    "GET /host/campaigns": Row(passes=True),
    "POST /host/campaigns": Row(HOSTS, _form({**_DRAFT, "version": "0"})),
    "GET /host/campaigns/{draft_id}": Row(HOSTS),
    "POST /host/campaigns/{draft_id}": Row(HOSTS, _form(_DRAFT)),
    "GET /host/rounds/{round_id}": Row(HOSTS),
    "GET /host/rounds/{round_id}/plan": Row(HOSTS, at="planned"),
    "POST /host/rounds/{round_id}/plan": Row(HOSTS, _form({"rounds": "1", "zone": "UTC"}), at="planned"),
    "GET /host/rounds/{round_id}/{act}": Row(passes=True),
    "POST /host/rounds/{round_id}/{act}": Row(HOSTS, _form({"reason": "A pause."})),
    "GET /host/operations": Row(ADMINS),
    "POST /host/operations": Row(ADMINS),
    "GET /host/campaigns/{draft_id}/preview": Row(HOSTS),
    "GET /host/campaigns/{draft_id}/preview/{number}": Row(HOSTS),
    "GET /host/settings": Row(ADMINS),
    "POST /host/settings": Row(ADMINS, _form({"brand": "Pomfret", "colour": "#12805c", "zone": "UTC"})),
    "GET /host/settings/mail": Row(ADMINS),
    "POST /host/settings/mail": Row(ADMINS, _form({"host": "mail.example.org", "port": "587", "sender": "a@example.org"})),
    "GET /host/people": Row(ADMINS),
    "POST /host/people/{act}": Row(ADMINS, _form({"email": "new@example.org", "role": "host"})),
    "GET /host/exports": Row(HOSTS),
    "GET /recognition": Row(),
    "GET /awards/{award_id}": Row(),
    "GET /campaigns/{campaign_id}/fans": Row(),
    "GET /seasons/{season}": Row(),
    "POST /me/standings": Row(MEMBERS, _form({"shown": "no"})),
    "GET /host/recognition": Row(HOSTS),
    "POST /host/recognition/{act}": Row(HOSTS, _form({"reason": "A pause."})),
    "GET /host/recognition/rule": Row(HOSTS),
    "POST /host/recognition/rule": Row(HOSTS, _form({"earns": "points", "title": "Spark", "act": "try"})),
    "GET /host/recognition/title": Row(HOSTS),
    "POST /host/recognition/title": Row(HOSTS, lambda t: {"member": t.author, "words": "Founder", "reason": "She began it."}),
    "GET /draws/{draw_id}": Row(),
    "POST /draws/{draw_id}/{press}": Row(MEMBERS, _form({"yes": "yes"})),
    "GET /host/draws": Row(HOSTS),
    "POST /host/draws": Row(HOSTS, _form({"purpose": "prize", "title": "A crate", "gets": "A crate.", "who": "All."})),
    "POST /host/draws/{draw_id}/void": Row(HOSTS, _form({"reason": "The kitchen is closed."})),
    "GET /host/thanks": Row(HOSTS),
    "POST /host/thanks": Row(HOSTS, _form({"segment": "new", "words": "Thank you.", "act": "preview"})),
    "GET /fans/{member_id}/kudos": Row(MEMBERS),
    "POST /fans/{member_id}/kudos": Row(MEMBERS, _form({"words": "Your bay leaf made mine better."})),
    "POST /kudos/{kudos_id}/back": Row(frozenset(("fan",)), _form({"fan": "0" * 16})),
    "GET /me/thanks/{thanks_id}": Row(frozenset(("author",))),  # who got it
    "POST /me/thanks/{thanks_id}": Row(frozenset(("author",)), _form({"answer": "With less salt."})),
    "POST /me/kept/thanks": Row(MEMBERS, _form({"mail": "yes"})),
    "GET /unsubscribe": Row(frozenset()),  # its token says whom it is about
    "POST /unsubscribe": Row(frozenset()),
    "GET /host/exports/ideas/{campaign_id}": Row(HOSTS),
    "GET /invitation": Row(frozenset()),
    "POST /invitation": Row(frozenset(), _NO_LINK),
    "GET /privacy": Row(frozenset()),  # nobody has written them
    "GET /imprint": Row(frozenset()),
    "GET /site/decisions": Row(),
    "GET /brand.txt": Row(),
    "GET /record/archive": Row(),
    "GET /setup": Row(frozenset()),
    "POST /setup": Row(frozenset(), _NO_LINK),
}
"""Called with the cookie of a session and the token of its forms."""

TABLE = {f"{each.partition(' ')[0]} /api/v1/{each.partition(' ')[2]}": row for each, row in API.items()} | dict(PAGES)
