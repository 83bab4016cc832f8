"""What recognition refuses."""

from fanfare.platform.refusals import Invalid, Refusal


class EarningRuleRefused(Invalid):
    """The rule does not hold together."""

    code = "earning-rule-refused"


class EarningRuleNotFound(Refusal):
    """There is no such rule."""

    code, status, advice = "earning-rule-not-found", 404, "Look the rules up and use one of their ids."


class EarningRuleRetired(Refusal):
    """The rule was retired already."""

    code, advice = "earning-rule-retired", "Publish a next version of it if it is to award again."


class EarningRuleChanged(Refusal):
    """Somebody else published a version of this rule since you opened it."""

    code, advice = "earning-rule-changed", "Look at what it says by now; what you wrote is still in your form."


class TooManyTrials(Refusal):
    """As many drafts are tried on the whole history as this site takes at once."""

    code, status, advice = "too-many-trials", 503, "Others try theirs just now. Come again in half a minute."


class TrialReplaced(Refusal):
    """You began to try another draft, and this trial ended."""

    code, advice = "trial-replaced", "A host tries one draft at a time. Wait for the other one, or try this one again."


class TrialBrokeOff(Refusal):
    """The trial broke off before its end."""

    code, status, advice = "trial-broke-off", 503, "Try again. If it breaks off again, tell whoever operates this site."


class AutomationStandsSo(Refusal):
    """It stands so already."""

    code, advice = "automation-stands-so", "Look at who decided it, and why, on the page of the rules."


class AwardNotFound(Refusal):
    """There is no such award."""

    code, status, advice = "award-not-found", 404, "It may have been mistyped. Look it up on the page of the fan."


class AwardByRule(Refusal):
    """A rule gave this award, so nobody takes it."""

    code, advice = "award-by-rule", "It falls with what earned it. Retire the rule if nobody is to earn by it any more."


class AwardHasFallen(Refusal):
    """The award was taken back already."""

    code, advice = "award-has-fallen", "Its page says who did it, and why. A new title can be granted."


class NotYourTitle(Refusal):
    """Somebody else holds this title."""

    code, status, advice = "not-your-title", 403, "You can lay down what is yours. A host may take any title back."


class TitleForYourself(Refusal):
    """Nobody gives herself a title."""

    code, status, advice = "title-for-yourself", 403, "Ask another host. Recognition comes from somebody else."


class TitleRefused(Invalid):
    """The title cannot be granted as it is."""

    code = "title-refused"
