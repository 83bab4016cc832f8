"""A small computation, or a minute of patience, before a link is sent: asked for only while many links are asked for."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from fastapi import Request

from fanfare.members import sealed, vault
from fanfare.members.refusals import WorkNeeded
from fanfare.platform.desk import Desk
from fanfare.platform.limits.edge import Limits
from fanfare.platform.limits.rules import EASY_LINKS, EASY_LINKS_OF_A_NETWORK, EASY_LINKS_TO_A_MAILBOX, LINKS_WAITED_FOR

ALGORITHM = "PBKDF2/SHA-256"
COST, LEAST, MOST = 2_000, 200, 600
"""Rounds of SHA-256 a try, and between how many tries the solution lies: about half a second of a laptop."""
WAIT = timedelta(seconds=60)
_LASTS = timedelta(minutes=15)
_WAITING = "waited-for"
_LONGEST = 4_000


async def admit(request: Request, desk: Desk, mailbox: str, work: str = "", waited: str = "") -> None:
    """
    Let a link to *mailbox* be sent: freely, or where many are asked for, for a proof of work or after a minute.

    Args:
        work: the solution of a challenge, as altcha's clients write it.
        waited: what an earlier refusal gave out to be brought back after a minute.

    Raises:
        WorkNeeded: it carries a challenge, and what can be brought back instead.
        TooManyRequests: too many of this network were waited for.
    """
    if work and await _is_solved(desk, mailbox, work):
        return
    if waited and await _was_waited_for(request, desk, mailbox, waited):
        return
    if await _is_easy(request, mailbox):
        return
    # Whoever comes back too early goes on waiting from when she began.
    begun = sealed.opened(desk.vault_key, _WAITING, mailbox, waited, desk.now)
    patience = waited if begun else sealed.seal(desk.vault_key, _WAITING, mailbox, desk.now, _LASTS)
    left = WAIT - (desk.now - begun.made_at) if begun else WAIT
    wait_s = max(1, int(left.total_seconds()))
    raise WorkNeeded(challenge=_challenge(desk, mailbox), waited=patience, wait_s=wait_s)


async def _is_easy(request: Request, mailbox: str) -> bool:
    limits: Limits = request.app.state.limits
    return (
        await limits.passes(request, EASY_LINKS_TO_A_MAILBOX, mailbox)
        and await limits.passes(request, EASY_LINKS_OF_A_NETWORK)
        and await limits.passes(request, EASY_LINKS, "site")
    )


def _challenge(desk: Desk, mailbox: str) -> dict[str, Any]:
    """Return a signed challenge for one link to *mailbox*; nothing is kept until it comes back solved."""
    import altcha

    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=LEAST + secrets.randbelow(MOST - LEAST),
        expires_at=desk.now + _LASTS,
        data={"for": _named(desk, mailbox)},
        hmac_secret=_secret(desk, "challenge"),
        hmac_key_secret=_secret(desk, "solution"),
    )
    told: dict[str, Any] = made.to_dict()
    return told


async def _is_solved(desk: Desk, mailbox: str, work: str) -> bool:
    """Tell whether *work* solves a challenge of ours for *mailbox*, for the first time."""
    import altcha

    try:
        payload = altcha.Payload.from_base64(work[:_LONGEST])
        done = altcha.verify_solution(payload, _secret(desk, "challenge"), hmac_key_secret=_secret(desk, "solution"))
        is_for_it = (payload.challenge.parameters.data or {}).get("for") == _named(desk, mailbox)
    except Exception:  # noqa: BLE001 - what a stranger made up may be anything, and is no solution
        return False
    if not done.verified or not is_for_it:
        return False
    # Of the signature, since the rest of a payload can be spelled in many ways.
    async with desk.pool.connection() as connection:
        return await sealed.spend(connection, str(payload.challenge.signature), desk.now + _LASTS)


async def _was_waited_for(request: Request, desk: Desk, mailbox: str, waited: str) -> bool:
    found = sealed.opened(desk.vault_key, _WAITING, mailbox, waited, desk.now)
    if found is None or desk.now < found.made_at + WAIT:
        return False
    limits: Limits = request.app.state.limits
    await limits.claim(request, LINKS_WAITED_FOR)
    async with desk.pool.connection() as connection:
        return await sealed.spend(connection, waited, found.ends_at)


def _named(desk: Desk, mailbox: str) -> str:
    return vault.derived(desk.vault_key, "work-for", hashlib.sha256(mailbox.encode()).hexdigest())[:32]


def _secret(desk: Desk, purpose: str) -> str:
    return vault.derived(desk.vault_key, "work", purpose)
