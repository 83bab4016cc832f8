"""The steps of a draft: its story, each of its rounds, and the check before it is public."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse

from fanfare.campaigns.drafts import DraftCampaign
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.kinds import canonical, digest
from fanfare.web.contexts.host import Difference, DraftPage, DraftStep, RoundInWords
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import draft_forms, local_times
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.draft_gaps import gaps_by_step
from fanfare.web.pages.draft_words import in_words
from fanfare.web.pages.electorates import electorates
from fanfare.web.pages.forms import fresh_key, spoken
from fanfare.web.pages.typed import Fields, whole
from fanfare.web.shells import show

STORY, CHECK = "story", "check"
_LABELS = {
    "title": marked("Title"),
    "summary": marked("In a sentence or two"),
    "about": marked("More about it"),
    "zone": marked("Time zone"),
    "rounds": marked("Rounds"),
}
_ROUND_LABELS = {
    "name": marked("Short name"),
    "asked_by": marked("Who asks"),
    "question": marked("The question"),
    "why": marked("Why you ask"),
    "next": marked("What happens with the answers"),
    "opens_at": marked("Opens"),
    "closes_at": marked("Closes"),
    "method": marked("How it is decided"),
    "input": marked("Options come from"),
    "options": marked("Your options"),
    "keeps": marked("How many go on"),
    "most": marked("Most ticks"),
    "tie": marked("A tie at the cut"),
    "electorate": marked("Who may vote"),
}


class Draft(msgspec.Struct, frozen=True):
    """A draft as a request sees it."""

    id: str
    version: int
    """The one that the form was filled from."""
    fields: Fields
    """All of the draft, with what was typed into one step."""
    step: str


def steps_of(rounds: int) -> list[str]:
    """Return the names of the steps, in their order."""
    return [STORY, *(f"round-{number}" for number in range(1, rounds + 1)), CHECK]


def known(step: str, draft: DraftCampaign) -> str:
    """Return *step* if the draft has it, else its story."""
    return step if step in steps_of(len(draft.rounds)) else STORY


def after(step: str, draft: DraftCampaign) -> str:
    """Return the step behind *step*; behind the last one comes that one again."""
    names = steps_of(len(draft.rounds))
    return names[min(names.index(step) + 1, len(names) - 1)] if step in names else CHECK


def mark(fields: Fields, step: str) -> str:
    """Return a mark of what a draft says in one step: another one where somebody changed that."""
    start = f"rounds-{_index(step)}-" if step != STORY else ""
    names = ["rounds", *sorted(name for name in fields if name.startswith(start))] if start else list(_LABELS)
    return digest(canonical([[name, fields.get(name, "").replace("\r\n", "\n").strip()] for name in names]))[:16]


async def shown(
    request: Request,
    desk: Desk,
    draft: Draft,
    *,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    changed_by: str = "",
    theirs: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Answer with a step of a draft; *changed_by* saved it while she was typing, and *theirs* is what stands there now."""
    fields, rounds = draft.fields, draft_forms.rounds_of(draft.fields)
    typed = draft_forms.read(fields).draft
    missing = gaps_by_step(typed, desk.now) if typed else {}
    index = _index(draft.step)
    page = DraftPage(
        form=Form(values=fields, errors=errors or {}),
        rounds=rounds,
        zones=local_times.with_zone(fields.get("zone") or zone_of(desk)),
        methods=spoken(draft_forms.METHODS),
        inputs=spoken(draft_forms.INPUTS),
        ties=spoken(draft_forms.TIES),
        electorates=await electorates(desk, fields),
        idempotency_key=fresh_key(),
        campaign_id=draft.id,
        version=draft.version,
        seen=fields.get("seen") or mark(fields, draft.step),
        step=draft.step,
        steps=_steps(draft.step, rounds, missing, is_read=typed is not None),
        index=index,
        missing=missing.get(draft.step, [each for some in missing.values() for each in some] if draft.step == CHECK else ()),
        checked=_checked(desk, draft, typed, missing, index),
        changed_by=changed_by,
        differences=_differences(draft, theirs or {}),
        title=fields.get("title", "").strip(),
    )
    return await show(request, page, section="desk" if draft.id else "new", status=status)


def _index(step: str) -> int:
    return (whole(step.removeprefix("round-")) or 1) - 1


def _steps(present: str, rounds: int, missing: Mapping[str, Sequence[str]], *, is_read: bool) -> list[DraftStep]:
    made: list[DraftStep] = []
    everything = is_read and not any(missing.values())
    for name in steps_of(rounds):
        is_whole = everything if name == CHECK else is_read and not missing.get(name)
        state: Literal["done", "now", "missing", "next"] = "done" if is_whole else "missing"
        if name == present:
            state = "now"
        elif name == CHECK:
            state = "next"
        label = _("Round %(number)s", number=name.removeprefix("round-"))
        label = {STORY: _("Story"), CHECK: _("Check and publish")}.get(name, label)
        made.append(DraftStep(name, label, state, is_whole))
    return made


def _checked(
    desk: Desk, draft: Draft, typed: DraftCampaign | None, missing: Mapping[str, list[str]], index: int
) -> list[RoundInWords]:
    if typed is None or draft.step == STORY:
        return []
    chosen = range(len(typed.rounds)) if draft.step == CHECK else [index]
    return [in_words(typed.rounds[at], at + 1, desk.now, missing.get(f"round-{at + 1}", [])) for at in chosen]


def _differences(draft: Draft, theirs: Mapping[str, str]) -> list[Difference]:
    """Return the fields of this step that say something else than what was saved."""
    found = []
    for name, text in theirs.items():
        typed = draft.fields.get(name, "")
        if typed.replace("\r\n", "\n").strip() != text.strip():
            short = name.split("-", 2)[-1]
            found.append(Difference(_(_LABELS[name]) if name in _LABELS else _of_round(name, short), text))
    return found


def _of_round(name: str, short: str) -> str:
    number = (whole(name.split("-")[1]) or 0) + 1
    return _("Round %(number)s: %(field)s", number=number, field=_(_ROUND_LABELS.get(short, short)))
