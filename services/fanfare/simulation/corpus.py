"""The words of the simulation: names, ideas, comments and campaigns, kept in the JSON files of ``texts``."""

from functools import cache
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent / "texts"


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Given names, and the initials that may follow them; without initials they are whole names."""

    given: tuple[str, ...]
    initials: tuple[str, ...]


class IdeaText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An idea that somebody may raise."""

    title: str
    body: str
    tags: tuple[str, ...]
    charm: int
    """1 to 3: how well it is told, whatever it tastes of."""


class CommentText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A comment that somebody may make."""

    text: str
    about: tuple[str, ...] = ()
    """The tags that it fits; none where it fits every idea."""
    answer: str = ""
    """What the host answers, where it is a question for her."""


class RoundText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a round says of itself."""

    name: str
    question: str
    asked_by: str
    why: str
    outcome: str


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of recognition that the host publishes, as the API takes it."""

    rule: str
    title: str
    words: str
    deeds: tuple[str, ...]
    earns: dict[str, object]


class SpotlightText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a draw of a place on the front page says of itself."""

    title: str
    gets: str
    who: str


class PraiseText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people, and no rules, do for fans."""

    spotlight: SpotlightText
    kudos: tuple[str, ...]
    title: str
    """Of whoever raised the idea that won."""
    reason: str
    thanks: dict[str, str]
    """To the same fan: words, and a question."""
    reward: dict[str, str]
    """What she is offered, and why."""
    circle: dict[str, str]
    """What the second tier of the rules opens."""


class OptionText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An option of a fixed list, and the tags of those whom it pleases."""

    label: str
    tags: tuple[str, ...]


class CampaignText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign in words."""

    title: str
    story: str
    rounds: tuple[RoundText, ...]
    options: tuple[OptionText, ...] = ()


class CampaignTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both campaigns, why a round is extended, and what authors add to a second version."""

    eighth: CampaignText
    label: CampaignText
    extension: str
    edits: tuple[str, ...]


@cache
def names() -> tuple[Names, ...]:
    """Return the names by script."""
    return msgspec.json.decode((FOLDER / "names.json").read_bytes(), type=tuple[Names, ...])


@cache
def ideas() -> tuple[IdeaText, ...]:
    """Return all ideas; a plan names them by their place."""
    return msgspec.json.decode((FOLDER / "ideas.json").read_bytes(), type=tuple[IdeaText, ...])


@cache
def comments() -> tuple[CommentText, ...]:
    """Return all comments."""
    return msgspec.json.decode((FOLDER / "comments.json").read_bytes(), type=tuple[CommentText, ...])


@cache
def rules() -> tuple[RuleText, ...]:
    """Return the rules of recognition that hold from the beginning."""
    return msgspec.json.decode((FOLDER / "rules.json").read_bytes(), type=tuple[RuleText, ...])


@cache
def praise() -> PraiseText:
    """Return the words of all that hosts and fans do for fans by hand."""
    return msgspec.json.decode((FOLDER / "praise.json").read_bytes(), type=PraiseText)


@cache
def campaigns() -> CampaignTexts:
    """Return the words of both campaigns."""
    return msgspec.json.decode((FOLDER / "campaigns.json").read_bytes(), type=CampaignTexts)
