"""What voting refuses."""

from fanfare.platform.refusals import Invalid, Refusal


class ChoiceNotOffered(Invalid):
    """The ballot names an option that is not on this round's paper."""

    code, advice = "choice-not-offered", "Load the paper again and choose from the options on it."


class TooManyOptions(Invalid):
    """The ballot chooses more options than the round allows."""

    code = "too-many-options"


class NothingChosen(Invalid):
    """The ballot chooses nothing."""

    code, advice = "nothing-chosen", "Choose at least one option. To keep out of the round, simply do not vote."


class PaperOutOfDate(Refusal):
    """This paper is older than the ballot you have cast."""

    code, advice = (
        "paper-out-of-date",
        "Your newer ballot stands. Look at the present paper; cast again if you want to change it.",
    )


class NotInElectorate(Refusal):
    """You may not vote in this round."""

    code, status, advice = "not-in-electorate", 403, "Only members who had joined before this round opened may vote in it."


class NoBallots(Refusal):
    """This round takes no ballots."""

    code, advice = "no-ballots", "In this round fans raise ideas and support them. Press Support on an idea."


class ReceiptNotFound(Refusal):
    """There is no ballot of that id."""

    code, status, advice = (
        "receipt-not-found",
        404,
        (
            "If you cast it within the last seconds, try again; else check the id. Of other events give the position, too: "
            "?position=2:118:4."
        ),
    )
