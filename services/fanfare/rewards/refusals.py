"""What rewards refuse."""

from fanfare.platform.refusals import Invalid, Refusal


class RewardNotFound(Refusal):
    """There is no such reward."""

    code, status, advice = "reward-not-found", 404, "Look the rewards up and use one of their ids."


class OfferNotFound(Refusal):
    """There is no such offer."""

    code, status, advice = "offer-not-found", 404, "Your offers are on your page; those that you make are on the host’s desk."


class RewardRefused(Invalid):
    """The reward does not hold together."""

    code = "reward-refused"


class RewardIsThere(Refusal):
    """The reward is on the shelf already."""

    code, advice = "reward-is-there", "What was added stays. Close it and add another one."


class RewardIsClosed(Refusal):
    """Nobody is offered this reward any more."""

    code, advice = "reward-is-closed", "It was closed with a reason, which its page gives. Add another one for what comes next."


class StockTaken(Refusal):
    """More have been given than that."""

    code, advice = "stock-taken", "Withdraw offers first, with a reason, or set at least as many as have been given."


class NoneLeft(Refusal):
    """There is none left: the last one has just been given, or was given before."""

    code, advice = "none-left", "Nothing was offered. Put the fan on the reserve list, or set a larger stock."


class AlreadyOffered(Refusal):
    """This fan has an offer of this reward."""

    code, advice = "already-offered", "A fan gets one of each reward. Give this one to somebody else."


class OfferToYourself(Refusal):
    """Nobody gives a reward to herself."""

    code, status, advice = "offer-to-yourself", 403, "If you have earned it, another host offers it to you."


class NotHerWork(Invalid):
    """Something that you name as a reason is not hers, or is not public."""

    code, advice = "not-her-work", "Name ideas and comments that this fan wrote and that everybody can read."


class NoSeatInDraw(Invalid):
    """She holds no seat in this draw."""

    code, advice = "no-seat-in-draw", "Name the draw only for somebody who was drawn in it and has not declined."


class OfferOver(Refusal):
    """This offer is over, or is not yet made."""

    code, advice = "offer-over", "Its page says how it stands. What was not answered in time went to the next fan."


class NotThatFar(Refusal):
    """From where the offer stands it cannot go there."""

    code, advice = "not-that-far", "What was accepted is prepared, sent, and arrives; what was sent can no longer be taken back."


class AnswerIncomplete(Invalid):
    """Something is missing that this reward needs to know."""

    code = "answer-incomplete"


class TooYoung(Refusal):
    """This is for people who are older."""

    code, status, advice = (
        "too-young",
        403,
        ("You said how old you are, and that stands for this offer. Was it a mistake? Write to a host, who can offer it anew."),
    )


class NotInCountry(Refusal):
    """This cannot go to that country."""

    code, status, advice = "not-in-country", 403, "The reward’s page names the countries that it goes to."


class GuardianAskedEnough(Refusal):
    """Your guardian has been written to three times."""

    code, status, advice = (
        "guardian-asked-enough",
        429,
        "Ask her or him to look into the mailbox, with spam. A host can offer anew.",
    )


class ConsentUnknown(Refusal):
    """This link leads nowhere: it was answered, is too old, or a newer one was sent."""

    code, status, advice = "consent-unknown", 404, "Ask the young person whether the offer still waits; it can be sent again."
