"""Access to what a circle holds: for who belongs, for hosts, and for who moderates there, to protect whoever writes."""

import msgspec

from fanfare.circles import briefs, decide
from fanfare.circles.briefs import Brief, Note
from fanfare.circles.refusals import CircleNotFound, NoteNotFound
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.warrants import Warrant, warrant
from fanfare.record.circles import Circle
from fanfare.views import circles as view


class Opened(msgspec.Struct, frozen=True):
    """What somebody may read: a circle, or a brief or a note in it."""

    circle: Circle
    belongs: bool
    moderates: bool
    """She moderates where the circle belongs: she sees what is hidden, and hides."""
    brief: Brief | None = None
    note: Note | None = None


async def circle(desk: Desk, circle_id: str, caller: Caller) -> Opened:
    """Return a circle to somebody who may read what it holds. Raises: CircleNotFound, NotInCircle."""
    if circle_id not in desk.streams.circles:
        await desk.catch_up()
    found = desk.streams.circles.get(circle_id)
    if found is None:
        raise CircleNotFound
    moderates = warrant(desk.streams, caller.member, "moderate", desk.now).covers(found.campaign)
    async with desk.pool.connection() as connection:
        belongs = await view.belongs(connection, circle_id, caller.member)
    decide.read(found, belongs=belongs, is_host=moderates)
    return Opened(found, belongs, moderates)


def moderated(desk: Desk, moderating: Warrant) -> list[str] | None:
    """Return the circles whose notes somebody looks after: those of the campaigns where she moderates; none: all of them."""
    if moderating.everywhere:
        return None
    return [each.id for each in desk.streams.circles.values() if moderating.covers(each.campaign)]


async def brief(desk: Desk, brief_id: str, caller: Caller) -> Opened:
    """Return a brief to somebody who may read it. Raises: BriefNotFound, NotInCircle."""
    async with desk.pool.connection() as connection:
        found = await briefs.one(connection, brief_id)
    return msgspec.structs.replace(await circle(desk, found.circle, caller), brief=found)


async def note(desk: Desk, note_id: str, caller: Caller) -> Opened:
    """Return a note to somebody who may read what is around it. Raises: NoteNotFound, NotInCircle."""
    await desk.catch_up()  # a right that ended in this moment hides nothing
    async with desk.pool.connection() as connection:
        found = await briefs.note(connection, note_id)
    return msgspec.structs.replace(await brief(desk, found.brief, caller), note=found)


async def moderated_note(desk: Desk, note_id: str, caller: Caller) -> Note:
    """Return a note to somebody who may hide it. Raises: NoteNotFound, NotInCircle, RoleNeeded."""
    opened = await note(desk, note_id, caller)
    warrant(desk.streams, caller.member, "moderate", desk.now).demand(opened.circle.campaign)
    if opened.note is None:
        raise NoteNotFound
    return opened.note
