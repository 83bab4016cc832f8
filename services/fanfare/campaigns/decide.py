"""What may happen to a campaign and its rounds. Pure: state, time and ids come in as arguments, facts or a refusal go out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fanfare.campaigns import refusals
from fanfare.counting.method import METHODS
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.campaigns import (
    MOST_RULED,
    Campaign,
    CampaignPublished,
    PassedOver,
    Round,
    RoundClosed,
    RoundClosing,
    RoundExtended,
    RoundOpened,
    RoundPaused,
    RoundPlanned,
    RoundResumed,
    RoundReworded,
    RoundRuled,
    RoundSealed,
    RoundVoided,
)
from fanfare.record.circles import Circle
from fanfare.record.kinds import Event
from fanfare.record.position import Moment
from fanfare.record.terms import MOST_OPTIONS, Advanced, Ask, FixedList, IdeasRaised, Option, RoundPlan, RoundTerms, circle_of


def check_circles(plans: Sequence[RoundPlan], circles: Mapping[str, Circle]) -> None:
    """Refuse a round for a circle that is not there, or was closed. Raises: PlanRefused."""
    for circle in (found for each in plans if (found := circle_of(each.electorate))):
        if circle not in circles or circles[circle].closed:
            message = _("There is no open circle “%(circle)s”. Choose who may take part anew.", circle=circle)
            raise refusals.PlanRefused(message)


def publish(state: Campaign, published: CampaignPublished, rounds: Sequence[RoundPlanned]) -> list[Event]:
    """
    Make a campaign public with its rounds.

    Raises:
        CampaignIsPublic: it was published before.
        PlanRefused: a round's plan does not hold together, or there is no round.
    """
    if state.id:
        raise refusals.CampaignIsPublic
    if not rounds:
        message = _("A campaign needs a round. Add one; a template brings its own.")
        raise refusals.PlanRefused(message)
    earlier: list[RoundPlanned] = []
    for each in rounds:
        check_plan(each.plan, [(known.round, known.plan) for known in earlier])
        earlier.append(each)
    return [published, *rounds]


def plan_round(state: Campaign, planned: RoundPlanned) -> list[Event]:
    """
    Add a round, or replace the plan of one that has not opened.

    Raises:
        CampaignNotFound: the campaign is not public.
        RoundNotPlanned: the round has opened.
        PlanRefused: the plan does not hold together.
    """
    if not state.id:
        raise refusals.CampaignNotFound
    known = state.round(planned.round)
    if known is not None and known.status != "planned":
        raise refusals.RoundNotPlanned
    before = state.rounds[: state.rounds.index(known)] if known else state.rounds
    check_plan(planned.plan, [(each.id, each.plan) for each in before])
    return [planned]


def check_plan(plan: RoundPlan, earlier: Sequence[tuple[str, RoundPlan]]) -> None:
    """
    Refuse a plan that could not be carried out.

    Args:
        earlier: id and plan of the rounds before it; options can advance only from these.

    Raises:
        PlanRefused: with a sentence that names what to change.
    """
    for wrong, sentence in (
        (plan.closes_at <= plan.opens_at, _("The round closes before it opens. Set a later close.")),
        (not _known_zone(plan.zone), _(_NO_ZONE, zone=repr(plan.zone))),
        ((plan.method == "support.v1") != isinstance(plan.options, IdeasRaised), _(_METHOD_AND_OPTIONS)),
        (plan.method != "approval.v1" and plan.most != 1, _("Only an approval ballot may choose more than one option.")),
        (
            isinstance(plan.options, Advanced) and plan.options not in [Advanced(round=each) for each, __ in earlier],
            _(_NOT_EARLIER),
        ),
    ):
        if wrong:
            raise refusals.PlanRefused(sentence)
    if isinstance(plan.options, FixedList):
        _check_list(plan.options)


_NO_ZONE = marked("%(zone)s is not a time zone. Write one such as Europe/Berlin.")
_METHOD_AND_OPTIONS = marked(
    "Ideas that fans raise are ranked by support, and support ranks nothing else. Choose another method or other options."
)
_NOT_EARLIER = marked("The options come from a round that does not stand before this one. Choose an earlier round.")


def _check_list(fixed: FixedList) -> None:
    ids = [option.id for option in fixed.options]
    if len(ids) < 2 or len(ids) > MOST_OPTIONS or len(set(ids)) != len(ids):
        message = _("A list needs 2 to %(most)s different options. Add or remove some.", most=MOST_OPTIONS)
        raise refusals.PlanRefused(message)


def _known_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def known_round(state: Campaign, round_id: str) -> Round:
    """
    Return the round of that id.

    Raises:
        RoundNotFound: there is none.
    """
    found = state.round(round_id)
    if found is None:
        raise refusals.RoundNotFound
    return found


def open_round(
    state: Campaign,
    round_id: str,
    options: Sequence[Option],
    partitions: Sequence[int],
    *,
    read_to: int = 0,
    moment: Moment = (),
    set_for: datetime | None = None,
    by: str | None = None,
) -> list[Event]:
    """
    Freeze the terms of a round and open it.

    Args:
        options: what advanced from its declared input, in the order in which ties fall; its fixed list is in the plan.
        partitions: where its ballots go.
        read_to: how many entries of partition 0 the options were read from.
        moment: how far the record had come, or had come earlier.
        set_for: the opening time that the clock acts upon; none where a host opens it by hand.
        by: that host.

    Raises:
        RoundNotFound, RoundNotPlanned, SetForAnotherTime, NoOptions.
    """
    found = known_round(state, round_id)
    if found.status != "planned":
        raise refusals.RoundNotPlanned
    if set_for is not None and set_for != found.plan.opens_at:
        raise refusals.SetForAnotherTime
    plan = found.plan
    if isinstance(plan.options, FixedList):
        options = [Option(id=each.id, label=each.label, version=0) for each in plan.options.options]
    elif isinstance(plan.options, IdeasRaised):
        options = []
    elif not options:
        raise refusals.NoOptions
    ballots = tuple(partitions) if plan.method in METHODS else ()
    terms = RoundTerms(campaign=state.id, round=round_id, plan=plan, options=tuple(options), partitions=ballots)
    return [RoundOpened(terms=terms, read_to=read_to, moment=moment, by=by)]


def _open(state: Campaign, round_id: str) -> Round:
    found = known_round(state, round_id)
    if found.status != "open":
        raise refusals.RoundNotOpen
    return found


def extend_round(state: Campaign, round_id: str, closes_at: datetime, reason: str, by: str, now: datetime) -> list[Event]:
    """
    Move the close to a later time.

    Raises:
        RoundNotFound, RoundNotOpen, PlanRefused: the new close is not later than the present one and now.
    """
    found = _open(state, round_id)
    if found.closes_at is not None and closes_at <= max(found.closes_at, now):
        message = _("A round can only be extended. Set a close that is later than the present one.")
        raise refusals.PlanRefused(message)
    return [RoundExtended(round=round_id, closes_at=closes_at.astimezone(UTC), reason=reason, by=by)]


def reword_round(state: Campaign, round_id: str, ask: Ask, reason: str, by: str) -> list[Event]:
    """Amend the wording of an open round. Raises: RoundNotFound, RoundNotOpen."""
    _open(state, round_id)
    return [RoundReworded(round=round_id, ask=ask, reason=reason, by=by)]


def pause_round(state: Campaign, round_id: str, reason: str, by: str) -> list[Event]:
    """Admit no more ballots for a while. Raises: RoundNotFound, RoundNotOpen, RoundPausedNow."""
    if _open(state, round_id).paused:
        raise refusals.RoundPausedNow
    return [RoundPaused(round=round_id, reason=reason, by=by)]


def resume_round(state: Campaign, round_id: str, by: str) -> list[Event]:
    """Admit ballots again. Raises: RoundNotFound, RoundNotOpen, RoundNotPaused."""
    if not _open(state, round_id).paused:
        raise refusals.RoundNotPaused
    return [RoundResumed(round=round_id, by=by)]


def void_round(state: Campaign, round_id: str, reason: str, by: str) -> list[Event]:
    """Give a round up: it has no result, its ballots stay in the record. Raises: RoundNotFound, RoundHasEnded."""
    if known_round(state, round_id).status == "void":
        raise refusals.RoundHasEnded
    return [RoundVoided(round=round_id, reason=reason, by=by)]


def begin_closing(state: Campaign, round_id: str, *, set_for: datetime | None = None, by: str | None = None) -> list[Event]:
    """
    Decide that a round closes.

    Args:
        set_for: the closing time that the clock acts upon: an extension in between voids the command.
        by: the host who closes it by hand.

    Raises:
        RoundNotFound, RoundNotOpen, SetForAnotherTime.
    """
    found = _open(state, round_id)
    if set_for is not None and set_for != found.closes_at:
        raise refusals.SetForAnotherTime
    return [RoundClosing(round=round_id, by=by)]


def finish_closing(state: Campaign, round_id: str, marked: frozenset[int]) -> list[Event]:
    """
    Close a round, now that its markers in the partitions *marked* were read back.

    Raises:
        RoundNotFound, RoundNotClosing: it is not closing, or a marker is missing.
    """
    found = known_round(state, round_id)
    if found.status != "closing" or found.terms is None or not marked.issuperset(found.terms.partitions):
        raise refusals.RoundNotClosing
    return [RoundClosed(round=round_id)]


def rule_on_unreadable(
    state: Campaign, round_id: str, waiting: Sequence[PassedOver], chosen: Sequence[str], reason: str, by: str
) -> list[Event]:
    """
    Rule that a round goes on without events that cannot be read.

    Args:
        waiting: what may be of the round, cannot be read, and has no ruling.
        chosen: the positions of those that are ruled on; all must be waiting.

    Raises:
        RoundNotFound, NothingToRule, RulingRefused: too many at once, none, or one that does not wait.
    """
    found = known_round(state, round_id)
    known = {each.position: each for each in waiting if each not in found.ruled}
    if found.status not in ("open", "closing", "closed") or not known:
        raise refusals.NothingToRule
    if not 1 <= len(set(chosen)) <= MOST_RULED:
        message = _("A ruling is on 1 to %(most)s events. Make another one for the others.", most=MOST_RULED)
        raise refusals.RulingRefused(message)
    if strange := [each for each in chosen if each not in known]:
        message = _(
            "Nothing waits for a ruling at %(position)s. Look at the round again and name what waits.", position=strange[0][:40]
        )
        raise refusals.RulingRefused(message)
    return [RoundRuled(round=round_id, events=tuple(known[each] for each in dict.fromkeys(chosen)), reason=reason, by=by)]


def seal_round(state: Campaign, round_id: str, moment: Moment, report: str, unread: Sequence[PassedOver] = ()) -> list[Event]:
    """
    Fix the tally of a closed round: its report's digest, and the moment it was computed from.

    Args:
        unread: what that moment holds that may be of the round and cannot be read.

    Raises:
        RoundNotFound, RoundNotClosing: it is not closed.
        RoundIncomplete: something in it cannot be read, and no host has ruled on that.
    """
    found = known_round(state, round_id)
    if found.status != "closed":
        raise refusals.RoundNotClosing
    if any(each not in found.ruled for each in unread):
        raise refusals.RoundIncomplete
    return [RoundSealed(round=round_id, moment=moment, report=report)]
