"""A draft as one form, and the form as a draft: what was typed is kept, whatever is wrong with it."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pydantic import ValidationError

from fanfare.campaigns.drafts import DraftCampaign, DraftRound
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.terms import MOST_OPTIONS
from fanfare.web import words
from fanfare.web.contexts.host import Choice
from fanfare.web.pages import local_times
from fanfare.web.pages.typed import Fields, whole

MOST_ROUNDS = 40
METHODS = (
    Choice("plurality.v1", marked("A vote: one choice each")),
    Choice("approval.v1", marked("A vote: tick several")),
    Choice("support.v1", marked("Fans raise ideas and support them; no ballot")),
)
INPUTS = (Choice("list", marked("your own list")),)
SUPPORT, APPROVAL = "support.v1", "approval.v1"
TIES = (Choice("earliest", marked("the earliest goes on")), Choice("all-advance", marked("all of them go on")))
ELECTORATES = (
    Choice("members", marked("every member")),
    Choice("members-before-opening", marked("members who joined before the opening")),
)

_FIELDS = {
    "name": "name",
    "question": "question",
    "asked_by": "asked_by",
    "why": "why",
    "next": "outcome",
    "method": "method",
    "tie": "ties",
    "electorate": "electorate",
}
"""Of a round: the form's name and the draft's."""
_CHOICES = {"method": METHODS, "tie": TIES, "electorate": ELECTORATES}
_NAMES = {"outcome": "next", "ties": "tie", "advance": "keeps", "options_from": "input", "from_round": "input"}
_ROUND_PARTS = (*_FIELDS, "opens_at", "closes_at", "most", "input", "options", "keeps")


class Typed(msgspec.Struct, frozen=True):
    """A form as it was read."""

    draft: DraftCampaign | None
    """None where something in it cannot be kept as it is."""
    errors: dict[str, str]


def values(draft: DraftCampaign, zone: str) -> dict[str, str]:
    """Return a draft as the fields of its form; times on the clock of its rounds, or of *zone* where it has none."""
    if draft.rounds and local_times.known(draft.rounds[0].zone):
        zone = draft.rounds[0].zone
    summary, __, about = draft.story.strip().partition("\n\n")
    found = {"title": draft.title, "summary": summary, "about": about.strip(), "zone": zone, "rounds": str(len(draft.rounds))}
    for index, each in enumerate(draft.rounds):
        found |= {f"rounds-{index}-{name}": text for name, text in round_values(each, zone).items()}
    return found


def round_values(draft: DraftRound, zone: str) -> dict[str, str]:
    """Return a round of a draft as fields, by their short names."""
    unlimited = draft.most == (MOST_OPTIONS if draft.method == "approval.v1" else 1)
    source = f"round-{draft.from_round}" if draft.options_from == "round" else draft.options_from
    return {
        **{name: getattr(draft, known) for name, known in _FIELDS.items()},
        "opens_at": local_times.typed(draft.opens_at, zone),
        "closes_at": local_times.typed(draft.closes_at, zone),
        "most": "" if unlimited else str(draft.most),
        "input": source,
        "options": "\n".join(label for label in draft.options if label.strip()),
        "keeps": str(draft.advance),
    }


def read(fields: Fields) -> Typed:
    """Read a draft from its form."""
    errors: dict[str, str] = {}
    zone = _zone(fields, errors)
    count = min(whole(fields.get("rounds", "")) or 0, MOST_ROUNDS)
    summary, about = fields.get("summary", "").strip(), fields.get("about", "").strip()
    told = {
        "title": fields.get("title", "").strip(),
        "story": f"{summary}\n\n{about}".strip().replace("\r\n", "\n"),
        "rounds": [_round(fields, f"rounds-{index}-", zone, errors) for index in range(count)],
    }
    _refuse_nul(fields, errors)
    return Typed(None, errors) if errors else _validated(DraftCampaign, told)


def read_round(fields: Fields) -> tuple[DraftRound | None, dict[str, str]]:
    """Read the first round of a form."""
    typed = read({**fields, "rounds": "1"})
    return (typed.draft.rounds[0] if typed.draft else None), typed.errors


def _zone(fields: Fields, errors: dict[str, str]) -> str:
    zone = fields.get("zone", "").strip()
    if local_times.known(zone):
        return zone
    errors["zone"] = _("Choose a time zone, such as Europe/Berlin.")
    return "UTC"


def _round(fields: Fields, at: str, zone: str, errors: dict[str, str]) -> dict[str, Any]:
    typed = {name: fields.get(at + name, "").strip() for name in _ROUND_PARTS}
    told: dict[str, Any] = {known: typed[name].replace("\r\n", "\n") for name, known in _FIELDS.items()}
    for name, choices in _CHOICES.items():
        told[_FIELDS[name]] = typed[name] or choices[0].value
    for name in ("opens_at", "closes_at"):
        try:
            told[name] = local_times.read(typed[name], zone)
        except local_times.TimeUnreadable as error:
            errors[at + name] = str(error)
    # What the form hides under the chosen method counts for nothing.
    source, __, number = ("ideas" if told["method"] == SUPPORT else typed["input"]).partition("-")
    unlimited = MOST_OPTIONS if told["method"] == APPROVAL else 1
    most = typed["most"] if told["method"] == APPROVAL else ""
    return told | {
        "zone": zone,
        "options_from": "list" if source == "ideas" and told["method"] != SUPPORT else source or "list",
        "from_round": (whole(number) or None) if source == "round" else None,
        "options": [line.strip() for line in typed["options"].splitlines() if line.strip()],
        "most": _count(most, unlimited, at + "most", errors),
        "advance": _count(typed["keeps"], 1, at + "keeps", errors),
    }


def _count(text: str, empty: int, name: str, errors: dict[str, str]) -> int:
    number = empty if text == "" else whole(text)
    if number is None or not 1 <= number <= MOST_OPTIONS:
        errors[name] = _("Write a number from 1 to %(most)s.", most=MOST_OPTIONS)
        return 1
    return number


def _refuse_nul(fields: Fields, errors: dict[str, str]) -> None:
    for name in fields:
        if "\0" in fields[name]:
            errors[name] = _("There is a character in it that cannot be kept. Type it anew.")


def _validated(model: type[DraftCampaign], told: dict[str, Any]) -> Typed:
    try:
        return Typed(model.model_validate(told), {})
    except ValidationError as error:
        return Typed(None, {_field(each["loc"]): _sentence(each["type"], each.get("ctx", {})) for each in error.errors()})


def _field(loc: tuple[int | str, ...]) -> str:
    match loc:
        case ("rounds", int(index), str(name), *_):
            return f"rounds-{index}-{_NAMES.get(name, name)}"
        case ("story", *_):
            return "about"
        case _:
            return str(loc[0])


def _sentence(kind: str, context: dict[str, Any]) -> str:
    if kind in ("string_too_long", "too_long"):
        most = words.number(context["max_length"])
        return _("That is too much: %(most)s is the most. Nothing is lost; shorten it.", most=most)
    return _("Choose one of what is offered here.")


def with_round(fields: Fields, next_opens_at: datetime, zone: str) -> dict[str, str]:
    """Return the fields with one more round, which opens a day after the last one closes, or at *next_opens_at*."""
    index = whole(fields.get("rounds", "")) or 0
    opens_at = next_opens_at
    zone = zone if local_times.known(zone) else "UTC"
    with contextlib.suppress(local_times.TimeUnreadable, OverflowError):
        opens_at = local_times.read(fields.get(f"rounds-{index - 1}-closes_at", ""), zone) + timedelta(days=1)
    added = DraftRound(opens_at=opens_at, closes_at=opens_at + timedelta(days=7), zone=zone)
    if index:
        added = added.model_copy(update={"options_from": "round", "from_round": index})
    at = f"rounds-{index}-"
    return {**fields, **{at + name: text for name, text in round_values(added, zone).items()}, "rounds": str(index + 1)}


def without_round(fields: Fields, removed: int) -> dict[str, str]:
    """Return the fields without the round at the index *removed*; who took from it now takes from the one before."""
    count = whole(fields.get("rounds", "")) or 0
    left = [index for index in range(count) if index != removed]
    kept = {name: text for name, text in fields.items() if not name.startswith("rounds-")} | {"rounds": str(len(left))}
    for index, old in enumerate(left):
        for name in _ROUND_PARTS:
            kept[f"rounds-{index}-{name}"] = fields.get(f"rounds-{old}-{name}", "")
        kept[f"rounds-{index}-input"] = _moved(kept[f"rounds-{index}-input"], removed + 1)
    return kept


def _moved(source: str, removed: int) -> str:
    number = whole(source.removeprefix("round-")) if source.startswith("round-") else None
    if number is None or number < removed:
        return source
    return f"round-{number - 1}" if number > 1 else "list"


def rounds_of(fields: Fields) -> int:
    """Return how many rounds the form has."""
    return min(whole(fields.get("rounds", "")) or 0, MOST_ROUNDS)
