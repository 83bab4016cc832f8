"""What the integrity room refuses."""

from fanfare.platform.refusals import Invalid, Refusal


class TextNotFound(Refusal):
    """There is no such text."""

    code, status, advice = "text-not-found", 404, "It may have been removed already, or went with its author. Look again."


class ReasonNeeded(Invalid):
    """A removal needs a reason."""

    code, advice = "reason-needed", "Say in a sentence why. It stands in the text's place, and everybody can read it."


class ContentNotFound(Refusal):
    """There is no such idea or comment."""

    code, status, advice = "content-not-found", 404, "It may have been mistyped. Look it up on the page of its idea."


class FlagOfYourOwn(Refusal):
    """These words are yours."""

    code, status, advice = "flag-of-your-own", 403, "Nobody flags her own words. Change them, or take them back."


class RuleUnknown(Invalid):
    """This site has no such rule."""

    code, advice = "rule-unknown", "Choose one of the rules that the form offers."


class NotHidden(Refusal):
    """It is not hidden."""

    code, advice = "not-hidden", "Everybody can read it. There is nothing to ask back."


class NotYourWords(Refusal):
    """Only its author may ask for it to be shown again."""

    code, status, advice = "not-your-words", 403, "Whoever wrote it is told who hid it, and why."


class TooManyCases(Invalid):
    """That is too many at once."""

    code, advice = "too-many-cases", "Choose fifty at most; the queue keeps the rest."
