"""The projections of a site. Whoever starts one makes their tables, and need not load what serves and works for that."""

from collections.abc import Callable, Sequence

from fanfare.platform.hosts.opening import Parts
from fanfare.platform.hosts.rebuild import make_level
from fanfare.reports.tables import COUNTED
from fanfare.views.activity import ACTIVITY
from fanfare.views.answers import ANSWERS
from fanfare.views.draws import DRAWS
from fanfare.views.erased import ERASED
from fanfare.views.ideas import IDEAS
from fanfare.views.moderation import MODERATION
from fanfare.views.newcomers import NEWCOMERS
from fanfare.views.pictures import PICTURES
from fanfare.views.projection import Projection
from fanfare.views.recognition import RECOGNITION
from fanfare.views.site import SITE
from fanfare.views.standings import STANDINGS
from fanfare.views.timeline import TIMELINE

PROJECTIONS: Sequence[Projection] = (
    *(COUNTED, STANDINGS, IDEAS, TIMELINE, ERASED, ANSWERS, MODERATION, SITE, PICTURES),
    RECOGNITION,
    DRAWS,
    NEWCOMERS,
    ACTIVITY,
)


async def make_tables(parts: Parts, tell: Callable[[str], None] = lambda _: None) -> None:
    """
    Make the tables of every projection before anybody asks them, and fill those of a new version beside the old ones.

    Raises:
        FillFailed: a projection stopped; the old tables are as they were.
    """
    await make_level(PROJECTIONS, parts.pool, parts.log, tell)
