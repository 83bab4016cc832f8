"""What kudos, welcomes and thank-yous refuse."""

from fanfare.platform.refusals import Invalid, Refusal


class KudosForYourself(Refusal):
    """Kudos are for somebody else."""

    code, status, advice = "kudos-for-yourself", 403, "Praise whoever made your idea better."


class KudosSpent(Refusal):
    """You gave your five kudos of this week."""

    code, advice = "kudos-spent", "You can give five more from Monday on (UTC). What you wrote is still in your form."


class KudosNotFound(Refusal):
    """There are no such kudos."""

    code, status, advice = "kudos-not-found", 404, "They may have been taken back."


class NotYourKudos(Refusal):
    """Only whoever gave kudos takes them back."""

    code, status, advice = "not-your-kudos", 403, "A moderator removes words that break a rule."


class NotHers(Refusal):
    """What the kudos are about is not by this fan."""

    code, status, advice = "not-hers", 422, "Name an idea or a comment that she wrote, or nothing."


class WelcomeForYourself(Refusal):
    """Nobody welcomes herself."""

    code, status, advice = "welcome-for-yourself", 403, "Welcome somebody who came after you."


class NoNewcomer(Refusal):
    """She is no newcomer."""

    code, advice = "no-newcomer", "Whoever joined in the last thirty days and is no host can be welcomed. Give her kudos instead."


class WelcomedAlready(Refusal):
    """You welcomed her."""

    code, advice = "welcomed-already", "Your first welcome stands on her page. Give her kudos for what she does next."


class WelcomedOften(Refusal):
    """Three others welcomed her."""

    code, advice = "welcomed-often", "That is enough for a welcome. Give her kudos, or answer what she wrote."


class ThanksSpent(Refusal):
    """You wrote twenty thank-yous today."""

    code, advice = (
        "thanks-spent",
        "Write the next one tomorrow (UTC). What you wrote is still in your form.",
    )


class NobodyToThank(Refusal):
    """Nobody would get this."""

    code, status, advice = "nobody-to-thank", 422, "Choose a fan or a segment in which somebody is."


class TooManyNamed(Refusal):
    """You named more than fifty fans."""

    code, status, advice = "too-many-named", 422, "Choose a segment, or write to some now and to the others afterwards."


class ThanksNotFound(Refusal):
    """There is no such thank-you for you."""

    code, status, advice = "thanks-not-found", 404, "Those that came to you are on your own page."


class NothingAsked(Refusal):
    """This thank-you asks nothing."""

    code, advice = "nothing-asked", "Its writer wanted you to know, and no more."


class AlreadyAnswered(Refusal):
    """You answered this one."""

    code, advice = "already-answered", "Your first answer is with whoever asked; it cannot be changed."


class UnsubscribeUnknown(Invalid):
    """This link is not one of ours."""

    code, status, advice = (
        "unsubscribe-unknown",
        404,
        "It may have been cut in two. Copy the whole of it.",
    )
