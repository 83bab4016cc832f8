"""What a spotlight brought: others' supports, comments and kudos in its hours, against the same hours of the week before."""

from datetime import UTC, datetime, timedelta

import pytest

from fanfare.projecting import PROJECTIONS
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported
from fanfare.record.kinds import Event
from fanfare.record.position import Position
from fanfare.record.recognition import KudosGiven, KudosTakenBack
from fanfare.views import light
from fanfare.views.light import Heard
from tests.builders import recorded, text
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
SINCE = datetime(2026, 11, 11, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=24)
WEEK, SECOND = timedelta(weeks=1), timedelta(seconds=1)


def raised(idea: str, by: str) -> Event:
    return IdeaRaised(idea=idea, campaign="c1", round="r1", by=by, title=text(idea), body=text(""), tags=text(""))


def supported(idea: str, by: str) -> Event:
    return IdeaSupported(idea=idea, by=by, number=1)


def commented(n: int, idea: str, by: str) -> Event:
    return CommentMade(comment=f"comment{n}", idea=idea, by=by, text=text(f"said {n}"))


def kudos(n: int, by: str, to: str = "noor") -> Event:
    return KudosGiven(kudos=f"kudos{n}", by=by, to=to, words=text(f"kudos {n}"))


HISTORY: list[tuple[datetime, Event]] = [
    (SINCE - 3 * WEEK, raised("hers", "noor")),
    (SINCE - 3 * WEEK, raised("other", "ewa")),
    (SINCE - WEEK - SECOND, supported("hers", "fan1")),  # a second too early
    (SINCE - WEEK, supported("hers", "fan2")),
    (SINCE - WEEK + SECOND, kudos(1, "fan1")),
    (UNTIL - WEEK, supported("hers", "fan3")),  # and between both times
    (SINCE, supported("hers", "fan4")),
    (SINCE, supported("hers", "noor")),
    (SINCE, supported("other", "fan4")),
    (SINCE, commented(1, "hers", "fan4")),
    (SINCE, commented(2, "hers", "noor")),
    (UNTIL - SECOND, commented(3, "hers", "fan5")),
    (UNTIL - SECOND, kudos(2, "fan2")),
    (UNTIL - SECOND, kudos(3, "fan3")),
    (UNTIL - SECOND, kudos(4, "fan3", to="ewa")),
    (UNTIL - SECOND, KudosTakenBack(kudos="kudos3", by="fan3")),
    (UNTIL, supported("hers", "fan5")),
]


async def test_a_spotlight_is_measured_by_what_others_did_in_its_hours_and_a_week_before(site: SiteUnderTest) -> None:
    seen = [(Position(0, 1000 + n, 0), recorded(event, at=at, id=f"e{n}")) for n, (at, event) in enumerate(HISTORY)]
    async with site.parts.pool.connection() as connection:
        for projection in PROJECTIONS:
            if projection.name in ("ideas", "timeline", "recognition"):
                await connection.execute(f"set local search_path to {projection.name}".encode())
                for one in seen:
                    if fold := projection.on.get(type(one[1].event)):
                        await fold(connection, [one])
        await connection.execute("set local search_path to default")

        found = await light.heard(connection, ["noor"], SINCE, UNTIL)
        both = await light.heard(connection, ["noor", "ewa"], SINCE, UNTIL)

    assert found == Heard(supports=1, supports_before=1, comments=2, comments_before=0, kudos=1, kudos_before=1)
    assert (both.supports, both.kudos) == (2, 2)
