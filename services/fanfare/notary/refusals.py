"""What a receipt is refused for."""

from fanfare.platform.refusals import Refusal


class EventNotThere(Refusal):
    """No event of that id stands there."""

    code, status = "event-not-there", 404
    advice = (
        "Give id and position as the record has them: ?position=partition:offset:index, such as 2:118:4, as in Fanfare-Position."
    )


class FileMissing(Refusal):
    """The proof cannot be made now: a file of the signed record is missing or damaged."""

    code, status = "file-missing", 503
    advice = (
        "Your event stands in the record all the same. Try again in a minute, and tell whoever runs this site if it stays so."
    )
