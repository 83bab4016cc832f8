"""Thank-yous on the host's desk: what waits for her, the form with its preview, and what became of those that she wrote."""

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
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.shells import show

router = desk_router()
_FIELDS = {"words": "words", "question": "question", "segment": "segment"}
_KEPT = ("to", "segment", "words", "question")


@router.get(urls.THANKS)
async def thanks_desk(
    request: Request,
    host: Host,
    desk: TheDesk,
    to: Annotated[str, Query(max_length=64)] = "",
    find: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show what fans answered, the form, and what was sent; with `find` also whoever has that name."""
    return await _shown(request, desk, host, Form({"to": to}), sought=find.strip())


@router.post(urls.THANKS)
async def thank(request: Request, host: Host, desk: TheDesk) -> Response:
    """Thank a fan or a segment, or show how it would read; on a refusal the form comes back with everything that was typed."""
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
    return Written(form.value("words"), form.value("question"), form.value("to"), _segment(form.value("segment")))


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
        to = await _fan(connection, form.value("to"))
        said = described()
        page = ThanksDeskPage(
            form=form,
            key=key or fresh_key(),
            segments=[SegmentLine(each, said[each].name, said[each].rule, counts[each]) for each in SEGMENTS],
            to=to,
            sought=sought,
            found=[FoundFan(each.id, each.name) for each in await audience.find(connection, sought, own)] if sought else (),
            preview=_preview(desk, host, preview) if preview else None,
            preview_for=_how_many(preview, counts),
            waiting=await answers.waiting(connection, host.member),
            answers=[_answer(each) for each in await answers.answers(connection, host.member)],
            sent=[_sent(each) for each in await answers.sent(connection, host.member)],
        )
    return await show(request, page, section="thanks", status=status, path=urls.THANKS)


async def _fan(connection: AsyncConnection, member: str) -> FoundFan | None:
    """Return the one fan whom it is for. Raises: MemberNotFound."""
    if not member:
        return None
    found = await vault.by_id(connection, known(member))
    if found is None:
        raise MemberNotFound
    return FoundFan(found.id, found.name)


def _preview(desk: Desk, host: Caller, written: Written) -> MyThanksPage:
    return MyThanksPage("", host.name, written.words, written.question, desk.now)


def _how_many(written: Written | None, counts: dict[Segment, int]) -> int:
    return counts[written.segment] if written and written.segment else 1


def _answer(found: answers.Answer) -> AnswerLine:
    return AnswerLine(
        member=found.member,
        by=found.name,
        question=found.question,
        answer=found.answer,
        at=found.answered_at,
        written_back_at=found.written_back_at,
    )


def _sent(found: answers.Sent) -> SentLine:
    said = described()
    segment = _segment(found.segment)
    return SentLine(
        to=said[segment].name if segment else found.name or _(words.GONE),
        words=found.words,
        question=found.question,
        at=found.written_at,
        fans=found.fans,
        delivered=found.delivered,
        mailed=found.mailed,
        opened=found.opened,
        answered=found.answered,
    )
