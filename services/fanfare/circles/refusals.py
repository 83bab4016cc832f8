"""What circles refuse."""

from fanfare.platform.refusals import Invalid, Refusal


class CircleNotFound(Refusal):
    """There is no such circle."""

    code, status, advice = "circle-not-found", 404, "Look the circles up and use one of their ids."


class CircleRefused(Invalid):
    """The circle does not hold together."""

    code = "circle-refused"


class CircleIsOpen(Refusal):
    """This circle is open already."""

    code, advice = "circle-is-open", "Change it, or open another one."


class CircleIsClosed(Refusal):
    """This circle was closed."""

    code, advice = "circle-is-closed", "A circle that was closed stays closed. Its page says why."


class NotOpenToYou(Refusal):
    """This circle is not open to you."""

    code, status, advice = "not-open-to-you", 403, "Its page says which tier opens it. A host can invite you, too."


class NotInCircle(Refusal):
    """Only who belongs to this circle reads and writes in it."""

    code, status, advice = "not-in-circle", 403, "Its page says what it takes to get in."


class NobodyToInvite(Refusal):
    """Nobody would be invited by this."""

    code, status, advice = (
        "nobody-to-invite",
        422,
        "Choose a fan, or a segment in which somebody is who was not invited before.",
    )


class NotInvitedHere(Refusal):
    """She is not invited to this circle."""

    code, advice = "not-invited-here", "There is nothing to take back."


class BriefNotFound(Refusal):
    """There is no such brief for you."""

    code, status, advice = "brief-not-found", 404, "The page of a circle lists its briefs for who belongs."


class NoteNotFound(Refusal):
    """There is no such note for you."""

    code, status, advice = "note-not-found", 404, "Whoever wrote it may have taken it back."


class NotYourNote(Refusal):
    """Only whoever wrote a note takes it back."""

    code, status, advice = "not-your-note", 403, "Hosts and moderators can hide it, with a reason. Report it to them."
