"""Thank-yous on the host's desk: what waits for her, the form with its preview, and what became of those that she wrote."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.community import answers, audience, thanking
from fanfare.community.segments import SEGMENTS, Segment, described
from fanfare.community.thanking import Written
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.platform.refusals import Refusal
from fanfare.web import urls, words
from fanfare.web.contexts.community import (
    AnswerLine,
    FoundFan,
    MyThanksPage,
    SegmentLine,
    SentLine,
    ThanksDeskPage,
)
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.recognised import honours
from fanfare.web.shells import show

router = desk_router()
_FIELDS = {"words": "words", "question": "question", "segment": "segment"}
_KEPT = ("to", "segment", "words", "question")
_LONGEST = 65 * thanking.MOST_NAMED


@router.get(urls.THANKS)
async def thanks_desk(
    request: Request,
    host: Host,
    desk: TheDesk,
    to: Annotated[str, Query(max_length=_LONGEST)] = "",
    find: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show what fans answered, the form, and what was sent; with `find` also whoever has that name."""
    return await _shown(request, desk, host, Form({"to": to}), sought=find.strip())


@router.post(urls.THANKS)
async def thank(request: Request, host: Host, desk: TheDesk) -> Response:
    """Thank fans or a segment, or show how it would read; on a refusal the form comes back with everything that was typed."""
    form = await sent(request)
    try:
        written = _written(form)
        if form.value("act") != "send":
            return await _shown(request, desk, host, Form(_typed(form)), preview=written.checked(), key=form.value("key"))
        asking = asked(host, "thank", "thanks", form.key, form.digest(*_KEPT))
        await thanking.write(desk, asking, host, written)
    except MemberNotFound:
        raise
    except Refusal as refusal:
        return await _shown(request, desk, host, again(form, refusal, _FIELDS), status=refusal.status)
    return led_to(request, urls.THANKS, _("Your thank-you is on its way. How far it came is told below."))


def _written(form: Sent) -> Written:
    return Written(form.value("words"), form.value("question"), _named(form.value("to")), _segment(form.value("segment")))


def _named(text: str) -> tuple[str, ...]:
    """Return the members whom a form or an address names. Raises: NotFound."""
    return tuple(dict.fromkeys(known(each) for each in text.split(urls.BETWEEN) if each))


def _typed(form: Sent) -> dict[str, str]:
    return {name: form.value(name) for name in _KEPT}


def _segment(name: str) -> Segment | None:
    return next((each for each in SEGMENTS if each == name), None)


async def _shown(
    request: Request,
    desk: Desk,
    host: Caller,
    form: Form,
    *,
    sought: str = "",
    preview: Written | None = None,
    key: str = "",
    status: int = 200,
) -> Response:
    await desk.catch_up()
    own = thanking.brands_own(desk, host.member)
    async with desk.pool.connection() as connection:
        counts = await audience.counts(connection, desk.now, own)
        to = await _fans(connection, _named(form.value("to")), host.member)
        said = described()
        back = await answers.answers(connection, host.member)
        held = await honours(connection, [each.member for each in back])
        page = ThanksDeskPage(
            form=form,
            key=key or fresh_key(),
            segments=[SegmentLine(each, said[each].name, said[each].rule, counts[each]) for each in SEGMENTS],
            to=to,
            full=len(to) >= thanking.MOST_NAMED,
            sought=sought,
            found=await _found(connection, sought, [*own, *(each.id for each in to)]),
            preview=_preview(desk, host, preview) if preview else None,
            preview_for=_how_many(preview, counts, to),
            waiting=await answers.waiting(connection, host.member),
            answers=[_answer(each, held.get(each.member)) for each in back],
            sent=[_sent(each) for each in await answers.sent(connection, host.member)],
        )
    return await show(request, page, section="thanks", status=status, path=urls.THANKS)


async def _fans(connection: AsyncConnection, named: Sequence[str], host: str) -> list[FoundFan]:
    """Return who of those whom it is for is still here, by name. Raises: MemberNotFound: nobody is."""
    found = [each for each in [await vault.by_id(connection, one) for one in named if one != host] if each]
    if named and not found:
        raise MemberNotFound
    return sorted((FoundFan(each.id, each.name) for each in found), key=lambda fan: (fan.name.casefold(), fan.id))


async def _found(connection: AsyncConnection, sought: str, but: Sequence[str]) -> list[FoundFan]:
    return [FoundFan(each.id, each.name) for each in await audience.find(connection, sought, but)] if sought else []


def _preview(desk: Desk, host: Caller, written: Written) -> MyThanksPage:
    return MyThanksPage("", host.name, written.words, written.question, desk.now)


def _how_many(written: Written | None, counts: dict[Segment, int], to: Sequence[FoundFan]) -> int:
    return len(to) if to else counts[written.segment] if written and written.segment else 0


def _answer(found: answers.Answer, held: Honours | None) -> AnswerLine:
    return AnswerLine(
        member=found.member,
        by=found.name,
        question=found.question,
        answer=found.answer,
        at=found.answered_at,
        written_back_at=found.written_back_at,
        honours=held,
    )


def _who(found: answers.Sent) -> str:
    """Say to whom a thank-you went whose fans were named."""
    others = found.fans - 1
    if not found.name or others < 1:
        return found.name or _(words.GONE)
    return ngettext("%(name)s and one other", "%(name)s and %(count)s others", others, name=found.name, count=others)


def _sent(found: answers.Sent) -> SentLine:
    said = described()
    segment = _segment(found.segment)
    return SentLine(
        to=said[segment].name if segment else _who(found),
        words=found.words,
        question=found.question,
        at=found.written_at,
        fans=found.fans,
        delivered=found.delivered,
        mailed=found.mailed,
        opened=found.opened,
        answered=found.answered,
    )
