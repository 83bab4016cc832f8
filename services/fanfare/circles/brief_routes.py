"""The JSON API of briefs and notes: for who belongs to their circle, for hosts, and for moderators."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.circles import access
from fanfare.circles import briefs as service
from fanfare.circles.refusals import BriefNotFound, NoteNotFound
from fanfare.platform.edge import BodyDigest, Fan, Host, Key, TheDesk, acknowledge, asked

router = APIRouter()
Id = Annotated[str, Path(max_length=64)]
_NOT_YOURS = {"description": "You do not belong to this circle, or it is somebody else’s note."}
_NO_CIRCLE: dict[int | str, dict[str, Any]] = {403: _NOT_YOURS, 404: {"description": "There is no such circle."}}
_NO_BRIEF: dict[int | str, dict[str, Any]] = {403: _NOT_YOURS, 404: {"description": "There is no such brief."}}
_NO_NOTE: dict[int | str, dict[str, Any]] = {403: _NOT_YOURS, 404: {"description": "There is no such note."}}


class BriefForm(BaseModel):
    """A brief for who belongs to a circle."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Two bottles", "words": "Which of the two feels colder?"}]}
    )
    title: str = Field(max_length=2000, description="1 to 120 characters.")
    words: str = Field(max_length=20_000, description="1 to 10,000 characters; only who belongs reads them.")


class NoteForm(BaseModel):
    """A note below a brief."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"words": "The second one, by far."}]})
    words: str = Field(max_length=20_000, description="1 to 2,000 characters; only who belongs reads them.")


class HidingForm(BaseModel):
    """Why a note is hidden."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(max_length=2000, description="1 to 300 characters; its author reads it.", examples=["It names a child."])


class NoteRead(BaseModel):
    """A note as you may read it."""

    id: str
    member: str
    name: str
    words: str
    """Empty where it is hidden from you."""
    written_at: datetime
    hidden: bool
    hidden_why: str
    """Only its author, hosts and moderators read it."""


class BriefRead(BaseModel):
    """A brief."""

    id: str
    circle: str
    title: str
    words: str
    by: str | None
    """None where its author left."""
    by_name: str
    shared_at: datetime
    notes: int


class BriefList(BaseModel):
    """The briefs of a circle, the latest first."""

    briefs: list[BriefRead]


class BriefAndNotes(BaseModel):
    """A brief and what was written below it, the earliest first."""

    brief: BriefRead
    notes: list[NoteRead]


class BriefShared(BaseModel):
    """The brief is shared, and the record says so, at this position."""

    id: str
    event: str
    position: str


class NoteWritten(BaseModel):
    """The note is kept. Nothing in the record tells of it."""

    id: str


@router.get("/circles/{circle_id}/briefs", summary="The briefs of a circle", responses=_NO_CIRCLE)
async def list_briefs(circle_id: Id, fan: Fan, desk: TheDesk) -> BriefList:
    """Return what hosts shared with a circle, to who belongs to it."""
    await access.circle(desk, circle_id, fan)
    async with desk.pool.connection() as connection:
        return BriefList(briefs=[_brief(each) for each in await service.of_circle(connection, circle_id)])


@router.post("/circles/{circle_id}/briefs", status_code=status.HTTP_201_CREATED, summary="Share a brief", responses=_NO_CIRCLE)
async def share(
    circle_id: Id, form: BriefForm, host: Host, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> BriefShared:
    """Share a brief with a circle. Its words are for who belongs; the record says that you shared one."""
    brief, done = await service.share(desk, asked(host, "share a brief", circle_id, key, body), circle_id, form.title, form.words)
    acknowledge(response, done)
    return BriefShared(id=brief, event=done.event_id, position=str(done.position))


@router.get("/briefs/{brief_id}", summary="A brief with its notes", responses=_NO_BRIEF)
async def get_brief(brief_id: Id, fan: Fan, desk: TheDesk) -> BriefAndNotes:
    """Return a brief, and what was written below it."""
    opened = await access.brief(desk, brief_id, fan)
    async with desk.pool.connection() as connection:
        notes = await service.notes(connection, brief_id, fan.member)
    if opened.brief is None:
        raise BriefNotFound
    return BriefAndNotes(brief=_brief(opened.brief), notes=[_note(each, opened, fan.member) for each in notes])


@router.delete("/briefs/{brief_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a brief", responses=_NO_BRIEF)
async def remove(brief_id: Id, host: Host, desk: TheDesk) -> None:
    """Delete a brief for good, with the notes below it. That it was shared, and when, stays in the record."""
    opened = await access.brief(desk, brief_id, host)
    async with desk.pool.connection() as connection:
        await service.remove(connection, opened.circle.id, brief_id)


@router.post("/briefs/{brief_id}/notes", status_code=status.HTTP_201_CREATED, summary="Write a note", responses=_NO_BRIEF)
async def write(brief_id: Id, form: NoteForm, fan: Fan, desk: TheDesk, key: Key, body: BodyDigest) -> NoteWritten:
    """Write a note below a brief, for who belongs to its circle. It goes with you when you leave the site."""
    await access.brief(desk, brief_id, fan)
    return NoteWritten(id=await service.write(desk, asked(fan, "note", brief_id, key, body), brief_id, form.words))


@router.delete("/notes/{note_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Take a note back", responses=_NO_NOTE)
async def take_back(note_id: Id, fan: Fan, desk: TheDesk) -> None:
    """Delete a note of yours."""
    async with desk.pool.connection() as connection:
        await service.take_back(connection, await service.note(connection, note_id), fan.member)


@router.put("/notes/{note_id}/report", status_code=status.HTTP_204_NO_CONTENT, summary="Report a note", responses=_NO_NOTE)
async def report(note_id: Id, fan: Fan, desk: TheDesk) -> None:
    """Tell hosts and moderators of a note."""
    opened = await access.note(desk, note_id, fan)
    if opened.note is None:
        raise NoteNotFound
    async with desk.pool.connection() as connection:
        await service.report(connection, opened.note, fan.member)


@router.post("/notes/{note_id}/hide", status_code=status.HTTP_204_NO_CONTENT, summary="Hide a note", responses=_NO_NOTE)
async def hide(note_id: Id, form: HidingForm, moderator: Fan, desk: TheDesk) -> None:
    """Hide a note from everybody but its author, hosts and moderators, with a reason."""
    note = await access.moderated_note(desk, note_id, moderator)
    async with desk.pool.connection() as connection:
        await service.hide(connection, note, moderator.member, form.reason)


@router.post("/notes/{note_id}/show", status_code=status.HTTP_204_NO_CONTENT, summary="Show a note", responses=_NO_NOTE)
async def show(note_id: Id, moderator: Fan, desk: TheDesk) -> None:
    """Show a note again, or leave a reported one as it is."""
    note = await access.moderated_note(desk, note_id, moderator)
    async with desk.pool.connection() as connection:
        await service.show(connection, note)


def _brief(found: service.Brief) -> BriefRead:
    return BriefRead(
        id=found.id,
        circle=found.circle,
        title=found.title,
        words=found.words,
        by=found.by_member or None,
        by_name=found.by_name,
        shared_at=found.shared_at,
        notes=found.notes,
    )


def _note(found: service.Note, opened: access.Opened, member: str) -> NoteRead:
    mine = opened.moderates or found.member == member
    return NoteRead(
        id=found.id,
        member=found.member,
        name=found.name,
        words=found.words if mine or not found.hidden else "",
        written_at=found.written_at,
        hidden=found.hidden,
        hidden_why=found.hidden_why if mine else "",
    )
