"""Whom a round can be for: members, and every circle that is open."""

from collections.abc import Mapping

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.texts import read
from fanfare.record.terms import circle_of
from fanfare.web import words
from fanfare.web.contexts.host import Choice
from fanfare.web.pages.draft_forms import ELECTORATES
from fanfare.web.pages.forms import spoken

_SAID = {False: marked("who belongs to “%(circle)s”"), True: marked("“%(circle)s”, which was closed")}


async def electorates(desk: Desk, fields: Mapping[str, str]) -> tuple[Choice, ...]:
    """
    Return the entries of a form's select.

    Args:
        fields: of the form. A circle that stands there and was closed is offered, too: else the select would show another entry.
    """
    await desk.catch_up()
    chosen = {circle_of(value) for name, value in fields.items() if name.endswith("electorate")}
    found = [each for each in desk.streams.circles.values() if not each.closed or each.id in chosen]
    if not found:
        return spoken(ELECTORATES)
    async with desk.pool.connection() as connection:
        titles = await read(connection, [each.title for each in found])
    circles = [
        Choice(f"circle:{each.id}", _(_SAID[each.closed], circle=titles.get(each.title) or _(words.UNNAMED))) for each in found
    ]
    return (*spoken(ELECTORATES), *circles)
