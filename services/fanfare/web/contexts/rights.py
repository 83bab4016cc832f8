"""Contexts of the rights of fans: her own page of them, and what admins see of all."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.web.contexts.shell import Action, Form, Page, Part


class HeldRight(Part, frozen=True):
    """Something that a fan may do."""

    id: str
    does: str
    """`Moderate “The Eighth Flavour”`."""
    until: datetime
    since: datetime
    by: str
    reason: str = ""
    """Why she was given it; empty where the words were removed."""
    opens: Sequence[Action] = ()
    """What it opens, with what waits there."""


class PastRight(Part, frozen=True):
    """Something that she may no longer do."""

    does: str
    since: datetime
    until: datetime
    """When it ended."""
    reason: str = ""
    """Why it was ended before its date; empty where it was not."""


class RightsPage(Page, frozen=True):
    """
    What a fan may do beyond being one, where and until when.

    Form: `end` (power, reason).
    """

    template = "rights.html"

    held: Sequence[HeldRight]
    past: Sequence[PastRight] = ()
    idempotency_key: str = ""
    form: Form = Form()
    failed: str = ""
    """The right that the errors are of."""


class GivenRight(Part, frozen=True):
    """A right of a fan, as admins see it."""

    id: str
    member: str
    name: str
    does: str
    """`Moderates “The Eighth Flavour”`."""
    until: datetime
    since: datetime
    by: str
    reason: str = ""


class Place(Part, frozen=True):
    """What a fan does here, beside her name."""

    does: str
    until: datetime
