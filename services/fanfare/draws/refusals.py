"""What draws refuse."""

from fanfare.platform.refusals import Invalid, Refusal


class DrawNotFound(Refusal):
    """There is no such draw."""

    code, status, advice = "draw-not-found", 404, "Look the draws up and use one of their ids."


class DrawRefused(Invalid):
    """The draw does not hold together."""

    code = "draw-refused"


class DrawIsAnnounced(Refusal):
    """The draw is announced already."""

    code, advice = "draw-is-announced", "What was announced stays. Call it off and announce another one."


class DrawClosed(Refusal):
    """Nobody enters or leaves this draw any more."""

    code, advice = "draw-closed", "It has closed. Its page says who was drawn, or when that is known."


class NotInvited(Refusal):
    """This draw is for those who took part in its campaign."""

    code, status, advice = "not-invited", 403, "Vote in a round of the campaign; once it is sealed, you may enter."


class DrawHasEnded(Refusal):
    """The draw is done, or was called off."""

    code, advice = "draw-has-ended", "What was drawn stays drawn."


class BeaconNotDue(Refusal):
    """The beacon's value is not there yet, or the entrants are not fixed."""

    code, advice = "beacon-not-due", "It is drawn as soon as the value is published."


class NotDrawn(Refusal):
    """No seat of this draw is offered to you."""

    code, status, advice = "not-drawn", 403, "The draw's page says who was drawn. A reserve is told when a seat becomes free."


class SeatGone(Refusal):
    """This seat is no longer yours."""

    code, advice = "seat-gone", "It was declined, or its time to answer is over, and went to a reserve."
