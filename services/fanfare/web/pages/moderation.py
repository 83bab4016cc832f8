"""The queue of moderators: one case at a time, many at once, and what can be undone."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.circles.access import moderated
from fanfare.integrity import cases, moderating
from fanfare.integrity.cases import Case, LeftAlone, Queue
from fanfare.platform.allowed import Moderating
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.platform.warrants import Warrant
from fanfare.record.position import Position
from fanfare.views import moderation
from fanfare.views.moderation import ModerationAct, Words
from fanfare.web import urls, words
from fanfare.web.contexts.moderation import CaseView, DoneLately, Flag, ModerationPage, QueueLine
from fanfare.web.contexts.shell import Form
from fanfare.web.layout import plain
from fanfare.web.pages.circles import reported_lines
from fanfare.web.pages.flags import offered
from fanfare.web.pages.forms import Sent, again, fresh_key, sent
from fanfare.web.pages.hidden import hidings, rule
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.shells import see_other, show

router = desk_router()
_SHOWN, _LATELY, _LINE = 30, 8, 120
_WITHIN = timedelta(days=7)
_MIND = timedelta(hours=1)
"""How long after an act of hers a moderator is offered to undo it at the head of the page."""
_DONE = {
    # Translators: this and the next five stand after the name of a moderator, or after “you”.
    ("left", "idea"): marked("left an idea by %(by)s as it is"),
    ("left", "comment"): marked("left a comment by %(by)s as it is"),
    ("hid", "idea"): marked("hid an idea by %(by)s"),
    ("hid", "comment"): marked("hid a comment by %(by)s"),
    ("showed", "idea"): marked("showed again an idea by %(by)s"),
    ("showed", "comment"): marked("showed again a comment by %(by)s"),
}
"""What was done to what, after the moderator's name."""


@router.get(urls.MODERATION)
async def queue_page(
    request: Request, warrant: Moderating, desk: TheDesk, case: Annotated[str, Query(max_length=64)] = ""
) -> HTMLResponse:
    """Show the queue with one case open: the one that is asked for, or the oldest."""
    return await _shown(request, desk, warrant, case)


@router.post(urls.MODERATION + "/{decision}")
async def decide(decision: str, request: Request, warrant: Moderating, desk: TheDesk) -> Response:
    """Carry out what a moderator decided; on a refusal the case comes back with what was typed."""
    form = await sent(request)
    ids = [*form.options, *form.value("contents").split()]
    try:
        said, position = await _do(desk, warrant, decision, form, ids)
    except NotFound:
        raise
    except Refusal as refusal:
        return await _shown(request, desk, warrant, (ids or [""])[0], again(form, refusal, {}), refusal.status)
    where = urls.moderation((ids or [""])[0] if decision == "reopen" or form.value("undo") else form.value("next"))
    return led_to(request, where, said, position)


@router.get(urls.MODERATION + "/{decision}")
async def back_to_the_queue(decision: str) -> Response:
    """Lead whoever loads the address of a decision again, such as after a refusal, to the queue."""
    del decision
    return see_other(urls.MODERATION)


async def _do(desk: Desk, warrant: Warrant, act: str, form: Sent, ids: Sequence[str]) -> tuple[str, Position | None]:
    """Return what is said of it at the head of the next page, and where the record tells of it."""
    if act == "leave":
        await moderating.leave(desk, warrant, ids)
        left = ngettext("%(count)s case is left as it is.", "%(count)s cases are left as it is.", len(ids), count=_many(ids))
        return left, None
    if act == "reopen":
        await moderating.reopen(desk, warrant, ids)
        back = ngettext(
            "%(count)s case is back in the queue.", "%(count)s cases are back in the queue.", len(ids), count=_many(ids)
        )
        return back, None
    if act not in ("hide", "show"):
        raise NotFound
    by_rule = form.value("rule") if act == "hide" else None
    asking = asked(warrant, act, "moderation", form.key, form.digest("contents", "rule", "reason"))
    decided = await moderating.moderate(desk, asking, warrant, ids, form.value("reason"), by_rule)
    if form.value("undo"):
        await moderating.reopen(desk, warrant, ids)
    return _decided(decided.contents, hidden=by_rule is not None), decided.done.position if decided.done else None


def _many(ids: Sequence[str]) -> str:
    return words.words(len(ids)).capitalize()


def _decided(ids: Sequence[str], *, hidden: bool) -> str:
    if hidden:
        return ngettext(
            "%(count)s case is hidden. The record says so.",
            "%(count)s cases are hidden. The record says so.",
            len(ids),
            count=_many(ids),
        )
    return ngettext("%(count)s case is shown again.", "%(count)s cases are shown again.", len(ids), count=_many(ids))


async def _shown(
    request: Request, desk: Desk, warrant: Warrant, chosen: str, form: Form | None = None, status: int = 200
) -> HTMLResponse:
    async with desk.pool.connection() as connection:
        waiting = await cases.queue(connection, warrant.only, _SHOWN)
        lately = await _lately(connection, warrant.only)
        notes = await reported_lines(connection, moderated(desk, warrant))
        content = chosen or (waiting.cases[0].content if waiting.cases else "")
        acts = [each.content for each in lately]
        known = await moderation.in_words(connection, [content, *acts, *(each.content for each in waiting.cases)])
        if content in known:  # the one that she asked for; the others are of her campaigns
            warrant.demand(known[content].campaign)
        page = ModerationPage(
            length=waiting.length,
            oldest=waiting.oldest,
            case=await _case(desk, connection, warrant, waiting, known.get(content)),
            queue=[line(known[each.content], each) for each in waiting.cases if each.content in known],
            rules=offered(),
            lately=[_done(each, known.get(each.content)) for each in lately],
            idempotency_key=fresh_key(),
            form=form or Form(),
            undo=_undo(desk, warrant, lately, known),
            notes=notes,
        )
    return await show(request, page, section="moderation", status=status, path=urls.MODERATION)


def line(found: Words, case: Case | None) -> QueueLine:
    """Return a case as the list of all that wait shows it."""
    said = (found.title if found.kind == "idea" else plain(found.text)) or _(words.UNNAMED)
    return QueueLine(
        content=found.content,
        kind=found.kind,
        words=said if len(said) <= _LINE else said[:_LINE].rpartition(" ")[0] + "…",
        by=found.author_name or _(words.GONE),
        since=case.since if case else None,
        flags=case.flags if case else 0,
        asked_back=case.asked_back if case else False,
        is_hidden=found.is_hidden,
    )


async def _case(
    desk: Desk, connection: AsyncConnection, warrant: Warrant, waiting: Queue, found: Words | None
) -> CaseView | None:
    if found is None:
        return None
    ids = [each.content for each in waiting.cases]
    place = ids.index(found.content) if found.content in ids else -1
    flags = await cases.flags(connection, found.content)
    likely = Counter(each.rule for each in flags if each.rule).most_common(1)
    return CaseView(
        line=line(found, waiting.cases[place] if place >= 0 else None),
        idea_id=found.idea,
        title=found.title or _(words.UNNAMED),
        text=found.text or _(words.UNNAMED),
        flags=[Flag(rule(each.rule) if each.rule else "", each.words, each.at) for each in flags],
        hiding=(await hidings(desk, connection, {found.content: found.author}, warrant, moderates=True)).get(found.content),
        likely_rule=likely[0][0] if likely and likely[0][0] else "",
        previous=ids[place - 1] if place > 0 else "",
        next=ids[place + 1] if place + 1 < len(ids) else "",
        number=place + 1,
    )


Lately = Sequence[ModerationAct | LeftAlone]


async def _lately(connection: AsyncConnection, only: Sequence[str] | None) -> Lately:
    """Return what moderators decided lately, the latest first."""
    found: list[ModerationAct | LeftAlone] = [*await moderation.lately(connection, only=only, limit=_LATELY)]
    found += await cases.left_alone(connection, only, _WITHIN, _LATELY)
    return sorted(found, key=lambda each: each.at, reverse=True)[:_LATELY]


def _done(act: ModerationAct | LeftAlone, found: Words | None) -> DoneLately:
    kind, whose = found.kind if found else "comment", (found and found.author_name) or _(words.GONE)
    by, href = act.by_name or _(words.GONE), urls.moderation(act.content)
    if isinstance(act, LeftAlone):
        return DoneLately(act.content, _(_DONE["left", kind], by=whose), by, act.at, "reopen", "", href)
    said = _(_DONE["hid" if act.hides else "showed", kind], by=whose)
    return DoneLately(act.content, said, by, act.at, _undone_by(act), act.reason, href)


def _undone_by(act: ModerationAct | LeftAlone) -> Literal["", "show", "reopen"]:
    if isinstance(act, LeftAlone):
        return "reopen"
    return "show" if act.hides and act.stands else ""


def _undo(desk: Desk, warrant: Warrant, lately: Lately, known: dict[str, Words]) -> DoneLately | None:
    """Return what this moderator did last, with all that she did by the same press; none where it is long ago or was undone."""
    last = next((act for act in lately if act.by == warrant.member), None)
    if last is None or last.at < desk.now - _MIND or not _undone_by(last):
        return None
    together = [act.content for act in lately if (act.by, act.at, _undone_by(act)) == (last.by, last.at, _undone_by(last))]
    done = _done(last, known.get(last.content))
    number = len(together)
    what = (
        ngettext("decided %(count)s case", "decided %(count)s cases", number, count=words.words(number))
        if number > 1
        else done.what
    )
    return DoneLately(" ".join(together), what, done.by, done.at, done.act)
