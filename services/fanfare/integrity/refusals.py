"""What the integrity room refuses."""

from fanfare.platform.refusals import Invalid, Refusal


class TextNotFound(Refusal):
    """There is no such text."""

    code, status, advice = "text-not-found", 404, "It may have been removed already, or went with its author. Look again."


class ReasonNeeded(Invalid):
    """A removal needs a reason."""

    code, advice = "reason-needed", "Say in a sentence why. It stands in the text's place, and everybody can read it."
