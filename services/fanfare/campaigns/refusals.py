"""What campaigns and rounds refuse."""

from fanfare.platform.refusals import Invalid, Refusal


class RoundNotFound(Refusal):
    """There is no such round."""

    code, status, advice = "round-not-found", 404, "Look the campaign's rounds up and use one of their ids."


class CampaignNotFound(Refusal):
    """There is no such campaign."""

    code, status, advice = "campaign-not-found", 404, "Look the campaigns up and use one of their ids."


class CampaignIsPublic(Refusal):
    """The campaign is public already."""

    code, advice = "campaign-is-public", "Its rounds can still be planned until they open."


class RoundNotPlanned(Refusal):
    """The round has opened already."""

    code, advice = (
        "round-not-planned",
        "Its terms are frozen. Times and wording can be amended; method, options and electorate cannot.",
    )


class RoundNotOpen(Refusal):
    """The round is not open."""

    code, advice = "round-not-open", "Look at the round's page for when it opens, or for its result."


class RoundNotClosing(Refusal):
    """The round is not being closed."""

    code, advice = "round-not-closing", "It has to be closed first."


class RoundIncomplete(Refusal):
    """Something in the record that may be of this round cannot be read, and no host has ruled on it."""

    code, advice = "round-incomplete", "A host has to rule on it in public; then the round is sealed."


class NothingToRule(Refusal):
    """Nothing of the round waits for a ruling."""

    code, advice = "nothing-to-rule", "Look at the round again: another host may have ruled, or the round is sealed or void."


class RulingRefused(Invalid):
    """The ruling does not name what waits for it."""

    code = "ruling-refused"


class RoundPausedNow(Refusal):
    """The round is paused."""

    code, advice = "round-paused", "Its page says why. What you chose is kept on this device; try again when it goes on."


class RoundNotPaused(Refusal):
    """The round is not paused."""

    code, advice = "round-not-paused", "There is nothing to resume."


class RoundHasEnded(Refusal):
    """The round is void already."""

    code, advice = "round-is-void", "A void round stays void; its ballots stay in the record."


class SetForAnotherTime(Refusal):
    """The command was set for another time than the round has now."""

    code, advice = "set-for-another-time", "The round was moved; it will open or close at its new time."


class InputNotReady(Refusal):
    """The options are not known yet: the round they come from has no sealed result."""

    code, advice = "input-not-ready", "Close the earlier round first; this one can open as soon as that one is sealed."


class NoOptions(Refusal):
    """There is nothing to vote on."""

    code, advice = (
        "no-options",
        "Nothing advanced from the earlier round, or its ideas were withdrawn. Plan the round with other options.",
    )


class PlanRefused(Invalid):
    """The plan of a round does not hold together."""

    code = "plan-refused"


class DraftNotFound(Refusal):
    """There is no such draft."""

    code, status, advice = "draft-not-found", 404, "It may have been published or discarded."


class DraftChanged(Refusal):
    """Somebody else changed the draft since you opened it."""

    code, advice = "draft-changed", "Load it again; what you wrote is still in your form."
