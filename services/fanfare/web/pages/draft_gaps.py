"""What keeps a draft from being published, said as sentences before the service would refuse it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from fanfare.campaigns import decide
from fanfare.campaigns.drafts import DraftCampaign, DraftRound, publication
from fanfare.campaigns.refusals import PlanRefused
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import TextRefused
from fanfare.platform.texts import BODY, TITLE, checked
from fanfare.record.kinds import digest

_SILENT = {
    "name": marked("Round %(number)s has no name yet."),
    "question": marked("Round %(number)s has no question yet."),
    "asked_by": marked("Round %(number)s does not say who asks."),
    "why": marked("Round %(number)s does not say why you ask."),
    "outcome": marked("Round %(number)s does not say what happens with the answers."),
}
_GRACE = timedelta(minutes=9)
"""Within this the clock still opens a round that was due; what is older would wait for a host."""


def gaps(draft: DraftCampaign, now: datetime) -> list[str]:
    """Return a sentence for everything that is missing or does not hold together."""
    return [sentence for sentences in gaps_by_step(draft, now).values() for sentence in sentences]


def gaps_by_step(draft: DraftCampaign, now: datetime) -> dict[str, list[str]]:
    """Return the same by the step in which it is mended: `story`, `round-1` and so on."""
    found = {"story": list(_story(draft))}
    plans = _plans(draft)
    for number, each in enumerate(draft.rounds, 1):
        found[f"round-{number}"] = [*_round_gaps(each, number, now), *plans.get(number, ())]
    return found


def round_gaps(draft: DraftRound, number: int, now: datetime) -> list[str]:
    """Return the same for one round, without what depends on the rounds before it."""
    return list(_round_gaps(draft, number, now))


def _story(draft: DraftCampaign) -> Iterator[str]:
    for text, field, most in ((draft.title, "title", TITLE), (draft.story, "story", BODY)):
        if not text.strip():
            untitled, silent = _("The campaign has no title yet."), _("The campaign does not say in a sentence what it asks.")
            yield untitled if field == "title" else silent
        else:
            yield from _refused(text, field, most)
    if not draft.rounds:
        yield _("A campaign needs a round. Add one.")


def _round_gaps(draft: DraftRound, number: int, now: datetime) -> Iterator[str]:
    for field, sentence in _SILENT.items():
        if not getattr(draft, field).strip():
            yield _(sentence, number=number)
    for field, text, most in draft.words():
        if text.strip():
            said = _("%(field)s of round %(number)s", field=_(field), number=number)
            yield from _refused(text, f"{field} of round {number}", most, said)
    labels = [label.strip() for label in draft.options] if draft.options_from == "list" else []
    if len(set(labels)) < len(labels):
        yield _("Round %(number)s has the same option twice.", number=number)
    if draft.opens_at < now - _GRACE:
        yield _("Round %(number)s opens in the past. Choose a later opening.", number=number)


def _refused(text: str, field: str, most: int, said: str = "") -> Iterator[str]:
    try:
        checked(text, field, most, lines=most == BODY, said=said)
    except TextRefused as refusal:
        yield str(refusal)


def _plans(draft: DraftCampaign) -> dict[int, list[str]]:
    """Check the plans as the decision will, under stand-ins for the hashes that the texts get when they are kept."""
    texts = [draft.title, draft.story, *(text for each in draft.rounds for _field, text, _most in each.words())]
    hashes = {text.replace("\r\n", "\n").strip(): digest(text.encode()) for text in texts}
    __, planned = publication("draft", draft, hashes, "draft")
    refused: dict[int, list[str]] = {}
    for number, each in enumerate(planned, 1):
        try:
            decide.check_plan(each.plan, [(before.round, before.plan) for before in planned[: number - 1]])
        except PlanRefused as refusal:
            refused[number] = [_("Round %(number)s: %(refusal)s", number=number, refusal=refusal)]
    return refused
