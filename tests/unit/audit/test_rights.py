"""The claim that everybody who decided something was allowed to: by a role, or by a power for that place and time."""

from datetime import datetime, timedelta

import pytest

from fanfare.audit.checks.course import Course
from fanfare.audit.checks.rights import rights_claim
from fanfare.record.answers import IdeaAnswered
from fanfare.record.bringing import NewcomerWelcomed
from fanfare.record.campaigns import RoundPaused, RoundResumed
from fanfare.record.decisions import Streams
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode
from fanfare.record.kinds import Event
from fanfare.record.moderation import ContentHidden
from fanfare.record.powers import ON_ITS_WAY, STREAM, May, PowerEnded, PowerGranted
from fanfare.record.recognition import RuleRetired
from fanfare.record.site import RoleRevoked
from tests.builders import HOST, NOON, SITE, a_plan, founded, hosted, planned, published, text

NOOR, POWER, WHY = "m7noor", "9e1c3b5d7f902468", text("She asked.")
DAY = timedelta(days=1)


class Told:
    """A record that is folded as auditors fold it."""

    def __init__(self) -> None:
        """Begin with a site, its host and a campaign; Noor is a fan."""
        self.course, self.offset = Course(), 0
        self.streams = Streams()
        self.decide("site", NOON, founded(), hosted())
        self.decide("flavour", NOON, published(), planned(a_plan()))

    def decide(self, stream: str, at: datetime, *events: Event) -> None:
        """Append a decision that was made at a time."""
        self._append(at, events, Decision(stream, self.streams.decisions(stream)))

    def put(self, at: datetime, event: Event) -> None:
        """Append an uncontested event."""
        self._append(at, (event,), None)

    def _append(self, at: datetime, events: tuple[Event, ...], decision: Decision | None) -> None:
        made = [
            encode(
                Recorded(
                    id=derived_id(str(self.offset), str(each)),
                    source=SITE,
                    subject="told",
                    time=at,
                    event=event,
                    decision=decision,
                )
            )
            for each, event in enumerate(events)
        ]
        self.course.apply(unpack(0, self.offset, pack(made)))
        self.streams.apply(unpack(0, self.offset, pack(made)))
        self.offset += 1

    def grant(self, may: May, campaign: str | None = "flavour", by: str = HOST) -> None:
        """Give Noor a power at noon, for ten days."""
        given = PowerGranted(power=POWER, member=NOOR, may=may, until=NOON + 10 * DAY, by=by, reason=WHY, campaign=campaign)
        self.decide(STREAM, NOON, given)

    def hide(self, at: datetime, campaign: str = "flavour") -> None:
        """Let Noor hide a comment."""
        self.put(
            at,
            ContentHidden(
                content="comment1", kind="comment", rule="insult", reason=WHY, by=NOOR, campaign=campaign, idea="idea1"
            ),
        )

    @property
    def wrong(self) -> tuple[str, ...]:
        """What the claim finds."""
        return rights_claim(self.course.entitled).differences


def test_a_fan_who_held_the_right_there_and_then_was_allowed_and_is_counted() -> None:
    told = Told()
    told.grant("moderate")
    told.hide(NOON + DAY)

    found = rights_claim(told.course.entitled)
    assert found.passed
    assert "1 by fans with a right" in found.detail


@pytest.mark.parametrize(
    ("may", "at", "campaign"),
    [
        ("moderate", NOON + DAY, "colour"),
        ("moderate", NOON + 10 * DAY + ON_ITS_WAY, "flavour"),
        ("curate", NOON + DAY, "flavour"),
        ("host", NOON + DAY, "flavour"),
    ],
)
def test_another_campaign_a_later_time_or_another_right_is_found(may: May, at: datetime, campaign: str) -> None:
    told = Told()
    told.grant(may)
    told.hide(at, campaign)

    assert len(told.wrong) == 1
    assert f"{NOOR} wrote fanfare.content.hidden.v1 and had no right to moderate in {campaign}" in told.wrong[0]


def test_what_was_done_before_the_right_was_given_is_found() -> None:
    told = Told()
    told.hide(NOON + DAY)
    told.grant("moderate")

    assert len(told.wrong) == 1


def test_a_right_for_the_whole_site_holds_in_every_campaign() -> None:
    told = Told()
    told.grant("moderate", None)
    told.hide(NOON + DAY, "colour")

    assert not told.wrong


def test_newcomers_are_welcomed_by_hosts_and_by_whoever_has_that_right() -> None:
    told = Told()
    welcome = NewcomerWelcomed(newcomer="m2bert", by=NOOR, words=WHY)
    told.grant("welcome", None)
    told.put(NOON + DAY, welcome)
    told.put(NOON + DAY, NewcomerWelcomed(newcomer="m2bert", by=HOST, words=WHY))
    assert not told.wrong

    told.put(NOON + 11 * DAY, welcome)
    assert len(told.wrong) == 1


def test_whoever_hosts_a_campaign_decides_about_its_rounds_and_answers_and_hides_nothing() -> None:
    told = Told()
    told.grant("host")
    told.decide("flavour", NOON + DAY, RoundPaused(round="final", reason=WHY, by=NOOR))
    told.put(NOON + DAY, IdeaAnswered(idea="idea1", campaign="flavour", status="planned", reason=WHY, by=NOOR))
    assert not told.wrong

    told.hide(NOON + DAY)
    assert len(told.wrong) == 1


def test_an_act_that_was_on_its_way_when_the_right_ended_is_counted_and_a_later_one_is_wrong() -> None:
    told = Told()
    told.grant("moderate")
    told.decide(STREAM, NOON + DAY, PowerEnded(power=POWER, member=NOOR, may="moderate", by=HOST, reason=WHY, campaign="flavour"))
    told.hide(NOON + DAY + timedelta(seconds=3))

    found = rights_claim(told.course.entitled)
    assert found.passed
    assert found.detail.endswith("1 of them were on their way when it ended")

    told.hide(NOON + DAY + ON_ITS_WAY)
    assert len(told.wrong) == 1


def test_a_fan_gives_nobody_a_right_and_no_power_opens_what_belongs_to_roles() -> None:
    told = Told()
    told.grant("host", by=NOOR)
    told.decide("recognition", NOON + DAY, RuleRetired(rule="first", by=NOOR, reason=WHY))

    assert [each.partition(" wrote ")[2] for each in told.wrong] == [
        "fanfare.power.granted.v1 and was no admin then",
        "fanfare.rule.retired.v1 and was neither admin nor host then",
    ]


def test_whoever_lays_her_right_down_needs_nobody_for_that() -> None:
    told = Told()
    told.grant("moderate")
    told.decide(STREAM, NOON + DAY, PowerEnded(power=POWER, member=NOOR, may="moderate", by=NOOR, reason=WHY, campaign="flavour"))

    assert not told.wrong


def test_a_host_whose_role_was_revoked_decides_nothing_more() -> None:
    told = Told()
    told.decide("site", NOON + DAY, RoleRevoked(member=HOST, role="admin", by=HOST, reason=WHY))
    told.decide("flavour", NOON + DAY + timedelta(seconds=1), RoundPaused(round="final", reason=WHY, by=HOST))
    assert not told.wrong

    told.decide("flavour", NOON + 2 * DAY, RoundResumed(round="final", by=HOST))
    assert len(told.wrong) == 1
