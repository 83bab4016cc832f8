"""Accepting: what a fan says of herself goes into the vault, and a guardian is asked by mail where she is young."""

from datetime import timedelta
from typing import Literal
from urllib.parse import urlencode

import msgspec

from fanfare.members import links, mail, vault
from fanfare.members.address import normalised
from fanfare.members.refusals import MemberNotFound
from fanfare.platform import texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.record.rewards import Offer, Reward
from fanfare.rewards import decide, keeping, refusals
from fanfare.rewards.decide import Age
from fanfare.rewards.plan import NAME, Answer, Guardian

CONSENT = "/consent"
"""Where the link in the mail leads."""
LASTS = timedelta(days=14)
"""How long a guardian's link works, if the offer does not end before."""
MOST_MAILS = 3
"""To guardians, for one offer: nobody's mailbox is filled from here."""


class Accepted(msgspec.Struct, frozen=True):
    """What came of an acceptance."""

    state: Literal["accepted", "guardian"]
    """``guardian``: a mail went to her guardian, whose consent makes it accepted."""
    done: Acknowledged | None
    """Where it stands in the record; none while a guardian is awaited."""


async def declare(desk: Desk, reward: Reward, offer: Offer, answer: Answer) -> Age:
    """
    Keep what she says and return what stands of her age: the first that she said of this offer, so that nobody tries years out.

    Raises:
        AnswerIncomplete, NotInCountry, TooYoung, MemberNotFound.
    """
    added, made, today = reward.added, offer.offered, desk.now.date()
    async with desk.pool.connection() as connection, connection.transaction():
        if await vault.hold(connection, made.member) is None:
            raise MemberNotFound
        before = (await keeping.of_offers(connection, [made.offer])).get(made.offer)
        if before and before.age == "too-young":
            raise refusals.TooYoung
        has_address, said_before = answer.address is not None, before is not None
        decide.complete(added, answer.birth, answer.country, has_address=has_address, said_before=said_before, today=today)
        says = before.age if before else decide.standing(added, answer.birth, today)
        wanted = decide.needs(added)
        country, address = answer.country if wanted.country else "", answer.address if wanted.address else None
        stands = await keeping.declare(connection, made.offer, made.member, says, country, address)
    if stands == "too-young":
        raise refusals.TooYoung
    return stands


async def ask_guardian(desk: Desk, asked: Asked, reward: Reward, offer: Offer, answer: Answer, site: str) -> None:
    """
    Send her guardian the link that consents or refuses; the same request twice sends one mail.

    Raises:
        AnswerIncomplete, GuardianAskedEnough, AddressRefused, TextRefused, MemberNotFound.
    """
    made = offer.offered
    named = _checked(answer.guardian)
    token = vault.derived(desk.vault_key, "guardian", asked.event_id(desk.vault_key))
    until = min(offer.until or desk.now + LASTS, desk.now + LASTS)
    brand = await links.brand_of(desk)
    async with desk.pool.connection() as connection, connection.transaction():
        known = await vault.hold(connection, made.member)
        if known is None:
            raise MemberNotFound
        if named.email == known.email:
            raise refusals.AnswerIncomplete(_("This is your own address. Give your guardian’s."), field="guardian_email")
        if not await keeping.ask(connection, made.offer, named.name, named.email, token, until, MOST_MAILS):
            raise refusals.GuardianAskedEnough
        title = (await texts.read(connection, [reward.added.title])).get(reward.added.title, _("a reward"))
        subject = _("%(brand)s asks for your consent", brand=brand)
        body = _letter(brand, named.name, known.name, title, f"{site}{CONSENT}?{urlencode({'token': token})}")
        # Erasing her finds the mail by her id at the end of its key.
        await mail.queue(connection, named.email, subject, body, f"guardian:{token[:32]}:{made.member}")


def _checked(guardian: Guardian | None) -> Guardian:
    if guardian is None or not guardian.email.strip():
        message = _("At your age a parent or guardian has to agree. Give the name and the e-mail address of yours.")
        raise refusals.AnswerIncomplete(message, field="guardian_email")
    return Guardian(texts.checked(guardian.name, "name", NAME), normalised(guardian.email))


def _letter(brand: str, guardian: str, child: str, title: str, link: str) -> str:
    return mail.paragraphs(
        _("Dear %(guardian)s,", guardian=guardian),
        _(
            "“%(child)s” says that you are her or his parent or guardian. %(brand)s offers “%(title)s” to “%(child)s”, who is "
            "of an age at which you have to agree.",
            child=child, brand=brand, title=title,
        ),
        _("Open this link to read what it is about. Then agree or refuse; nothing is sent before:"),
        link,
        _("If you do not know what this is about, refuse, or do nothing. Your address is deleted once you have answered."),
    )  # fmt: skip
