"""What ideas refuse."""

from fanfare.platform.refusals import Refusal


class IdeaNotFound(Refusal):
    """There is no such idea."""

    code, status, advice = "idea-not-found", 404, "It may have been mistyped. Look it up in the campaign's list of ideas."


class NotYourIdea(Refusal):
    """Only its author may change an idea."""

    code, status, advice = "not-your-idea", 403, "Write a comment to tell its author what you would change."


class IdeaFrozen(Refusal):
    """The idea is on a ballot, so its words are frozen."""

    code, advice = "idea-frozen", "Voters chose the version they saw. Write a comment under it instead."


class IdeaWasWithdrawn(Refusal):
    """Its author took this idea back."""

    code, advice = "idea-withdrawn", "Raise it as your own if you want to see it made."


class IdeaChanged(Refusal):
    """The idea has a newer version than the one you edited."""

    code, advice = "idea-changed", "Look at the newer version; what you wrote is still in your form."


class NoIdeasNow(Refusal):
    """This round takes no ideas."""

    code, advice = "no-ideas-now", "Ideas are raised in a round that asks for them, while it is open."


class IdeaIsHidden(Refusal):
    """A moderator hid this idea."""

    code, advice = "idea-hidden", "It takes no support, comment or answer before a moderator shows it again."
