"""A round of a draft in plain sentences: when it is open, how it counts, what it promises. Pure."""

from datetime import datetime, timedelta

from fanfare.campaigns.drafts import DraftRound
from fanfare.record.terms import MOST_OPTIONS
from fanfare.web import words
from fanfare.web.contexts.host import RoundInWords
from fanfare.web.pages import local_times
from fanfare.web.pages.draft_forms import APPROVAL, SUPPORT


def in_words(draft: DraftRound, number: int, now: datetime, missing: list[str]) -> RoundInWords:
    """Return a round as its check tells it."""
    return RoundInWords(
        number=number,
        name=draft.name.strip() or f"Round {number}",
        question=draft.question.strip(),
        asked_by=draft.asked_by.strip(),
        why=draft.why.strip(),
        promise=draft.outcome.strip(),
        times=times(draft, now),
        counting=counting(draft),
        has_paper=draft.method != SUPPORT,
        missing=missing,
    )


def times(draft: DraftRound, now: datetime) -> str:
    """Return when a round is open: `Open for 7 days: from Sunday 22 November, 09:00, to Sunday 29 November, 09:00 …`."""
    span = draft.closes_at - draft.opens_at
    if span <= timedelta(0):
        return "It closes before it opens."
    zone = draft.zone if local_times.known(draft.zone) else "UTC"
    opens, closes = (words.when(at, zone, now) for at in (draft.opens_at, draft.closes_at))
    return f"Open for {words.duration(span)}: from {opens}, to {closes} ({zone})."


def counting(draft: DraftRound) -> str:
    """Return how a round counts, in a sentence or two."""
    tie = "the earliest goes on" if draft.ties == "earliest" else "all of them go on"
    on = f"{words.words(draft.advance).capitalize()} {'goes' if draft.advance == 1 else 'go'} on; of equal ones at the cut {tie}."
    if draft.method == SUPPORT:
        return f"Fans raise ideas and support as many as they like. {on}"
    labels = [label for label in draft.options if label.strip()]
    options = {
        "list": f"your {words.words(len(labels))} options",
        "round": f"what goes on from round {draft.from_round}",
    }.get(draft.options_from, "ideas")
    who = "Members" if draft.electorate == "members" else "Members who joined before it opens"
    ticks = "as many as they like" if draft.most >= MOST_OPTIONS else f"up to {words.words(draft.most)}"
    how = f"tick {ticks}" if draft.method == APPROVAL else "choose one"
    return f"{who} {how} of {options}. {on}"
