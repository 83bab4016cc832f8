"""The two rites of passkeys: adding one, and signing in with one. What the browser brings is checked by the webauthn package."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from psycopg import AsyncConnection

from fanfare.members import mail, passkeys, sealed, sessions, telling, vault
from fanfare.members.joining import founding
from fanfare.members.passkeys import NewPasskey, Passkey
from fanfare.members.refusals import (
    ChallengeStale,
    LastWayIn,
    MemberNotFound,
    PasskeyAdded,
    PasskeyCopied,
    PasskeyNotFound,
    PasskeyRefused,
    PasskeysFull,
    PasskeyUnknown,
)
from fanfare.members.relying_party import RelyingParty
from fanfare.platform import texts
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked

NAME = 60
"""The most characters of a passkey's name."""
LONGEST = 20_000
"""Characters of what a browser sends."""
_LASTS = timedelta(minutes=5)
_ADDING, _SIGNING_IN = "passkey-add", "passkey-sign-in"
_TRANSPORT = re.compile(r"[a-z-]{1,20}")

Json = dict[str, Any]


async def ask_to_add(desk: Desk, party: RelyingParty, member: str) -> Json:
    """
    Return the options with which a browser makes a passkey for a member; nothing is kept.

    Raises:
        MemberNotFound, PasskeysFull.
    """
    import webauthn  # it takes long to load, and most processes never need it
    from webauthn.helpers import options_to_json_dict, structs

    async with desk.pool.connection() as connection:
        known, has = await vault.by_id(connection, member), await passkeys.of_member(connection, member)
    if known is None:
        raise MemberNotFound
    if len(has) >= passkeys.MOST:
        raise PasskeysFull
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=await telling.brand(desk),
        user_id=_handle(desk, member),
        user_name=known.email or known.name,
        user_display_name=known.name,
        challenge=_challenge(desk, _ADDING, member),
        timeout=int(_LASTS.total_seconds() * 1000),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each.credential) for each in has],
    )
    return options_to_json_dict(options)


async def add(desk: Desk, party: RelyingParty, member: str, name: str, credential: str) -> str:
    """
    Add the passkey that a browser made, tell its owner by mail, and return the id under which she sees it.

    Args:
        credential: the JSON of what the browser answered.

    Raises:
        TextRefused: the name cannot be shown.
        ChallengeStale, PasskeyRefused, PasskeyAdded, PasskeysFull, MemberNotFound.
    """
    name = texts.checked(name, marked("name"), NAME)
    answered = _parsed(credential)
    challenge = _opened(desk, _ADDING, member, answered)
    made = _made(party, answered, challenge.text)
    brand = await telling.brand(desk)
    async with desk.pool.connection() as connection:
        known = await _held(connection, member)
        if not await sealed.spend(connection, challenge.text, challenge.ends_at):
            raise ChallengeStale
        if len(await passkeys.of_member(connection, member)) >= passkeys.MOST:
            raise PasskeysFull
        if not await passkeys.add(connection, member, name, made):
            raise PasskeyAdded
        body = mail.paragraphs(
            _("The passkey “%(name)s” was added to your page at %(brand)s. It signs you in from now on.", name=name, brand=brand),
            _("Was that not you? Sign in with a link by mail and remove it:"),
            f"{party.origin}/me/access",
        )
        await telling.tell(connection, member, known.email, _("A passkey was added at %(brand)s", brand=brand), body)
    return passkeys.shown_id(made.credential)


def _made(party: RelyingParty, answered: Json, challenge: str) -> NewPasskey:
    """Return the passkey that a browser made. Raises: PasskeyRefused."""
    import webauthn

    try:
        made = webauthn.verify_registration_response(
            credential=answered,
            expected_challenge=challenge.encode(),
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except Exception as error:  # of what a stranger made up, the package lets several kinds of error out
        raise PasskeyRefused from error
    return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count, _transports(answered))


async def remove(desk: Desk, member: str, passkey_id: str) -> str:
    """
    Remove a passkey, tell its owner by mail, and return its name. It signs nobody in any more; sessions go on.

    Raises:
        PasskeyNotFound: she has none of that id.
        LastWayIn: she has no address and no other one.
        MemberNotFound.
    """
    brand = await telling.brand(desk)
    async with desk.pool.connection() as connection:
        known = await _held(connection, member)
        name = await passkeys.remove(connection, member, passkey_id)
        if not name:
            raise PasskeyNotFound
        if known.email is None and not await passkeys.of_member(connection, member):
            raise LastWayIn  # which undoes the removal
        body = mail.paragraphs(
            _(
                "The passkey “%(name)s” was removed from your page at %(brand)s. It signs nobody in any more.",
                name=name,
                brand=brand,
            ),
            _("Was that not you? Then somebody is signed in as you: end the sessions you do not know."),
            f"{desk.source}/me/access",
        )
        await telling.tell(connection, member, known.email, _("A passkey was removed at %(brand)s", brand=brand), body)
    return name


async def ask_to_sign_in(desk: Desk, party: RelyingParty) -> Json:
    """Return the options with which a browser asks for any passkey of this site; nothing is kept. Raises: SiteNotFounded."""
    import webauthn
    from webauthn.helpers import options_to_json_dict, structs

    await founding(desk)
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=_challenge(desk, _SIGNING_IN, ""),
        timeout=int(_LASTS.total_seconds() * 1000),
        user_verification=structs.UserVerificationRequirement.PREFERRED,
    )
    return options_to_json_dict(options)


async def sign_in(desk: Desk, party: RelyingParty, credential: str, label: str) -> tuple[str, str]:
    """
    Sign somebody in with the passkey that her browser answered with, and return her id and the token of her session.

    The challenge is used up, the count noted and the session opened together.

    Raises:
        PasskeyUnknown, PasskeyRefused, PasskeyCopied, ChallengeStale.
    """
    answered = _parsed(credential)
    challenge = _opened(desk, _SIGNING_IN, "", answered)
    async with desk.pool.connection() as connection:
        known = await passkeys.find(connection, _credential_id(answered))
        if known is None:
            raise PasskeyUnknown
        count = _checked(desk, party, known, answered, challenge.text)
        if not await sealed.spend(connection, challenge.text, challenge.ends_at):
            raise ChallengeStale
        await _held(connection, known.member)
        if not await passkeys.use(connection, known, count):
            raise ChallengeStale
        token = await sessions.open_session(connection, known.member, "browser", label)
    return known.member, token


def _checked(desk: Desk, party: RelyingParty, known: Passkey, answered: Json, challenge: str) -> int:
    """Return what the device counts now. Raises: PasskeyRefused, PasskeyCopied."""
    import webauthn

    handle = answered["response"].get("userHandle")
    try:
        named = webauthn.base64url_to_bytes(handle) if handle else _handle(desk, known.member)
        # A count that went back is told apart below, once the signature is known to be right.
        done = webauthn.verify_authentication_response(
            credential=answered,
            expected_challenge=challenge.encode(),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=-1,
        )
    except Exception as error:
        raise PasskeyRefused from error
    if named != _handle(desk, known.member):
        raise PasskeyRefused
    if (done.new_sign_count or known.sign_count) and done.new_sign_count <= known.sign_count:
        raise PasskeyCopied
    return done.new_sign_count


async def _held(connection: AsyncConnection, member: str) -> vault.Member:
    """Return a member and hold her row. Raises: MemberNotFound."""
    known = await vault.hold(connection, member)
    if known is None:
        raise MemberNotFound
    return known


def _handle(desk: Desk, member: str) -> bytes:
    """Return what devices call a member: it leads to nobody. Source: Web Authentication Level 3, section 14.6.1."""
    return bytes.fromhex(vault.derived(desk.vault_key, "passkey-handle", member))


def _challenge(desk: Desk, purpose: str, subject: str) -> bytes:
    return sealed.seal(desk.vault_key, purpose, subject, desk.now, _LASTS).encode()


def _opened(desk: Desk, purpose: str, subject: str, answered: Mapping[str, Any]) -> sealed.Sealed:
    """Return the challenge that an answer is about. Raises: ChallengeStale, PasskeyRefused."""
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json

    try:
        told = parse_client_data_json(base64url_to_bytes(answered["response"]["clientDataJSON"]))
        text = told.challenge.decode("ascii")
    except Exception as error:
        raise PasskeyRefused from error
    found = sealed.opened(desk.vault_key, purpose, subject, text, desk.now)
    if found is None:
        raise ChallengeStale
    return found


def _parsed(credential: str) -> Json:
    try:
        answered = msgspec.json.decode(credential[:LONGEST], type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise PasskeyRefused from error
    if not isinstance(answered.get("response"), dict) or not isinstance(answered.get("rawId"), str):
        raise PasskeyRefused
    return answered


def _credential_id(answered: Mapping[str, Any]) -> bytes:
    from webauthn import base64url_to_bytes

    try:
        return base64url_to_bytes(answered["rawId"])
    except ValueError as error:
        raise PasskeyRefused from error


def _transports(answered: Mapping[str, Any]) -> list[str]:
    told = answered["response"].get("transports")
    kept = [each for each in told if isinstance(each, str) and _TRANSPORT.fullmatch(each)] if isinstance(told, list) else []
    return kept[:8]
