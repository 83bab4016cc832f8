"""The JSON API of moderation: flags of members, and the queue of moderators."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.circles import briefs
from fanfare.circles.access import moderated
from fanfare.integrity import cases, moderating
from fanfare.integrity.decide import MOST_CASES
from fanfare.integrity.moderating import Decided
from fanfare.platform.allowed import Moderating
from fanfare.platform.edge import BodyDigest, Fan, Key, TheDesk, acknowledge, asked
from fanfare.views.rules import RULES

router = APIRouter(prefix="/api/v1", tags=["integrity"])
Words = Annotated[str, Field(max_length=20_000)]
Contents = Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=MOST_CASES)]
_EXAMPLE = "f3a9c2d1e0b4a5c6"
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such idea or comment."}}


class FlagForm(BaseModel):
    """What a member tells moderators."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"content": _EXAMPLE, "rule": "insult", "words": "The second line."}]}
    )
    content: str = Field(max_length=64, description="The id of an idea or of a comment.")
    rule: str = Field(max_length=40, description=f"One of {', '.join(RULES)}.")
    words: Words = Field(default="", description="At most 300 characters; only moderators read them.")


class Flagged(BaseModel):
    """Moderators are told. Nothing of it is public, or in the record."""

    content: str


class CaseRead(BaseModel):
    """An idea or a comment that waits for a moderator."""

    content: str
    since: datetime
    flags: int
    asked_back: bool
    """Its author asks for it to be shown again."""


class ReportedNote(BaseModel):
    """A note in a circle that members reported. What was written there is read and hidden where it stands."""

    note: str
    brief: str
    circle: str
    title: str
    """Of the brief."""
    since: datetime
    reports: int


class QueueRead(BaseModel):
    """What waits, the oldest first: how many cases (counted no further than 1,000), since when, and the first of them."""

    length: int
    oldest: datetime | None
    cases: list[CaseRead]
    notes: list[ReportedNote]
    """In circles: they are no cases, since nothing of them is public. At most 50."""


class ContentsForm(BaseModel):
    """Ideas and comments."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"contents": [_EXAMPLE]}]})
    contents: Contents


class ShowForm(ContentsForm):
    """Ideas and comments to show again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"contents": [_EXAMPLE], "reason": "It was quoted, not meant."}]}
    )
    reason: Words = Field(description="At most 300 characters; everybody can read it.")


class HideForm(ShowForm):
    """Ideas and comments to hide, by a rule."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"contents": [_EXAMPLE], "rule": "insult", "reason": "It calls her names."}]},
    )
    rule: str = Field(max_length=40, description=f"One of {', '.join(RULES)}.")


class ModeratedRead(BaseModel):
    """What was hidden or shown; none, without a position, where all stood so already."""

    contents: list[str]
    event: str | None
    position: str | None


class SettledRead(BaseModel):
    """How many flags that settled, or brought back."""

    flags: int


@router.post("/flags", status_code=status.HTTP_201_CREATED, summary="Flag an idea or a comment", responses=_UNKNOWN)
async def flag(form: FlagForm, fan: Fan, desk: TheDesk) -> Flagged:
    """Tell moderators of an idea or a comment that breaks a rule. A second flag of yours changes nothing."""
    await moderating.flag(desk, fan, form.content, form.rule, form.words)
    return Flagged(content=form.content)


@router.get("/moderation/queue", summary="What waits for a moderator")
async def get_queue(warrant: Moderating, desk: TheDesk, limit: Annotated[int, Query(ge=1, le=200)] = MOST_CASES) -> QueueRead:
    """Return what members flagged and authors asked, the oldest first; who has the right to moderate in campaigns sees theirs."""
    async with desk.pool.connection() as connection:
        found = await cases.queue(connection, warrant.only, limit)
        notes = await briefs.reported(connection, moderated(desk, warrant))
    read = [
        CaseRead(content=each.content, since=each.since, flags=each.flags, asked_back=each.asked_back) for each in found.cases
    ]
    told = [ReportedNote(**msgspec.structs.asdict(each)) for each in notes]
    return QueueRead(length=found.length, oldest=found.oldest, cases=read, notes=told)


@router.post("/moderation/hide", summary="Hide ideas and comments", responses=_UNKNOWN)
async def hide(
    form: HideForm, warrant: Moderating, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> ModeratedRead:
    """Hide words by a rule, for one reason: their authors still see them, and may ask back. It can be undone."""
    asking = asked(warrant, "hide", "moderation", key, body)
    return _read(response, await moderating.moderate(desk, asking, warrant, form.contents, form.reason, form.rule))


@router.post("/moderation/show", summary="Show ideas and comments again", responses=_UNKNOWN)
async def show(
    form: ShowForm, warrant: Moderating, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> ModeratedRead:
    """Let everybody read again what was hidden, for one reason."""
    asking = asked(warrant, "show", "moderation", key, body)
    return _read(response, await moderating.moderate(desk, asking, warrant, form.contents, form.reason, None))


@router.post("/moderation/leave", summary="Leave cases as they are")
async def leave(form: ContentsForm, warrant: Moderating, desk: TheDesk) -> SettledRead:
    """Take cases out of the queue and change nothing. The record does not tell of it."""
    return SettledRead(flags=await moderating.leave(desk, warrant, form.contents))


@router.post("/moderation/reopen", summary="Put cases back into the queue")
async def reopen(form: ContentsForm, warrant: Moderating, desk: TheDesk) -> SettledRead:
    """Put cases back into the queue that were settled."""
    return SettledRead(flags=await moderating.reopen(desk, warrant, form.contents))


def _read(response: Response, decided: Decided) -> ModeratedRead:
    done = decided.done
    if done:
        acknowledge(response, done)
    return ModeratedRead(
        contents=list(decided.contents), event=done.event_id if done else None, position=str(done.position) if done else None
    )
