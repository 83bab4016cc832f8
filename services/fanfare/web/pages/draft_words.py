"""A round of a draft in plain sentences: when it is open, how it counts, what it promises. Pure."""

from datetime import datetime, timedelta

from fanfare.campaigns.drafts import DraftRound
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext
from fanfare.record.terms import MOST_OPTIONS, circle_of
from fanfare.web import words
from fanfare.web.contexts.host import RoundInWords
from fanfare.web.pages import local_times
from fanfare.web.pages.draft_forms import APPROVAL, SUPPORT

_HOW = {
    (True, "one"): marked("Members choose one of %(options)s."),
    (True, "some"): marked("Members tick up to %(number)s of %(options)s."),
    (True, "any"): marked("Members tick as many as they like of %(options)s."),
    (False, "one"): marked("Members who joined before it opens choose one of %(options)s."),
    (False, "some"): marked("Members who joined before it opens tick up to %(number)s of %(options)s."),
    (False, "any"): marked("Members who joined before it opens tick as many as they like of %(options)s."),
}
"""Whether every member may vote, and how many options a ballot can name."""
_OF_A_CIRCLE = {
    "one": marked("Who belongs to the circle chooses one of %(options)s."),
    "some": marked("Who belongs to the circle ticks up to %(number)s of %(options)s."),
    "any": marked("Who belongs to the circle ticks as many as she likes of %(options)s."),
}


def in_words(draft: DraftRound, number: int, now: datetime, missing: list[str]) -> RoundInWords:
    """Return a round as its check tells it."""
    return RoundInWords(
        number=number,
        name=draft.name.strip() or _("Round %(number)s", number=number),
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
        return _("It closes before it opens.")
    zone = draft.zone if local_times.known(draft.zone) else "UTC"
    opens, closes = (words.when(at, zone, now) for at in (draft.opens_at, draft.closes_at))
    told = {"span": words.duration(span), "opens": opens, "closes": closes, "zone": zone}
    return _("Open for %(span)s: from %(opens)s, to %(closes)s (%(zone)s).", **told)


def counting(draft: DraftRound) -> str:
    """Return how a round counts, in a sentence or two."""
    said = _("Fans raise ideas and support as many as they like.") if draft.method == SUPPORT else _how(draft)
    if draft.method == SUPPORT and circle_of(draft.electorate):
        said = _("Who belongs to the circle raises ideas and supports as many as she likes.")
    return f"{said} {_on(draft)}"


def _how(draft: DraftRound) -> str:
    labels = [label for label in draft.options if label.strip()]
    options = {
        "list": ngettext("your %(count)s options", "your %(count)s options", len(labels), count=words.words(len(labels))),
        "round": _("what goes on from round %(number)s", number=draft.from_round),
    }.get(draft.options_from, _("ideas"))
    ticks = ("any" if draft.most >= MOST_OPTIONS else "some") if draft.method == APPROVAL else "one"
    if circle_of(draft.electorate):
        return _(_OF_A_CIRCLE[ticks], options=options, number=words.words(draft.most))
    return _(_HOW[draft.electorate == "members", ticks], options=options, number=words.words(draft.most))


def _on(draft: DraftRound) -> str:
    count, number = draft.advance, words.words(draft.advance).capitalize()
    if draft.ties == "earliest":
        return ngettext(
            "%(count)s goes on; of equal ones at the cut the earliest goes on.",
            "%(count)s go on; of equal ones at the cut the earliest goes on.",
            count,
            count=number,
        )
    return ngettext(
        "%(count)s goes on; of equal ones at the cut all of them go on.",
        "%(count)s go on; of equal ones at the cut all of them go on.",
        count,
        count=number,
    )
