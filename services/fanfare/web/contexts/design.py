"""The context of the design page: the tokens as they are computed, and one of every component in all its states."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from fanfare.web.contexts.campaigns import Board, RoundStub, Ticket, Voice
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.recognition import Badge
from fanfare.web.contexts.results import Seal
from fanfare.web.contexts.shell import Form, Page, Part


class Tint(Part, frozen=True):
    """A colour in one theme, and what it measures on the worst ground that it may lie on."""

    colour: str
    ratio: str
    """`5.02`; empty where nothing is read on it or by it."""


class Token(Part, frozen=True):
    """A named colour."""

    name: str
    use: str
    light: Tint
    dark: Tint
    needs: str = ""
    """The least ratio; empty where there is none."""


class DesignPage(Page, frozen=True):
    """Every component with all its states, in one brand's colours."""

    template = "design.html"

    TYPES: ClassVar[Sequence[tuple[str, str]]] = (
        ("t-3xl", "Hero"),
        ("t-2xl", "Heading 1"),
        ("t-xl", "Heading 2"),
        ("t-l", "Words of a fan"),
        ("t-m", "Text"),
        ("t-s", "Small"),
        ("t-xs", "Note of a figure"),
    )

    colour: str
    others: Sequence[tuple[str, str]]
    """Brands to try, pale and dark: name and colour."""
    tokens: Sequence[Token]
    tickets: Mapping[str, Ticket]
    rounds: Sequence[RoundStub]
    board: Board
    voices: Sequence[Voice]
    steps: Sequence[Step]
    seal: Seal
    badges: Sequence[Badge]
    form: Form
