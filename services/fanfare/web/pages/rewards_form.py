"""The form that puts a reward on the shelf."""

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Refusal
from fanfare.rewards.plan import Plan
from fanfare.rewards.refusals import RewardRefused
from fanfare.rewards.routes import TheRewards
from fanfare.web import urls
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.rewards_desk import RewardFormPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import Sent, again, fresh_key, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.recognised import campaign_titles
from fanfare.web.pages.typed import whole
from fanfare.web.shells import show

router = desk_router()
_NUMBERS = ("stock", "answer_h", "min_age", "guardian_below")
_FIELDS = ("kind", "title", "words", "sent", *_NUMBERS, "countries", "campaign")


@router.get(urls.REWARD_NEW)
async def reward_form(request: Request, host: Host, desk: TheDesk) -> HTMLResponse:
    """Show the form."""
    del host
    await desk.catch_up()
    return await _shown(request, desk, Form())


@router.post(urls.REWARD_NEW)
async def add(request: Request, host: Host, desk: TheDesk, rewards: TheRewards) -> Response:
    """Put a reward on the shelf; on a refusal the form comes back with everything that was typed."""
    form = await sent(request)
    try:
        asking = asked(host, "add a reward", "rewards", form.key, form.digest(*_FIELDS))
        reward_id, done = await rewards.add(asking, _plan(form))
    except Refusal as refusal:
        return await _shown(request, desk, again(form, refusal, {each: each for each in _FIELDS}), refusal.status)
    return led_to(request, urls.reward_desk(reward_id), _("It is on the shelf, and in the record."), done.position)


def _plan(form: Sent) -> Plan:
    """Return the reward that a form describes. Raises: RewardRefused: with the field."""
    numbers = {each: _number(form, each) for each in _NUMBERS}
    return Plan(
        kind="experience" if form.value("kind") == "experience" else "thing",
        title=form.value("title"),
        words=form.value("words"),
        countries=tuple(form.value("countries").replace(",", " ").replace(";", " ").split()),
        sent=form.value("sent") == "yes",
        campaign=form.value("campaign") or None,
        **numbers,
    )


def _number(form: Sent, field: str) -> int:
    number = whole(form.value(field) or "0")
    if number is None:
        message = _("Write a number in digits.")
        raise RewardRefused(message, field=field)
    return number


async def _shown(request: Request, desk: Desk, form: Form, status: int = 200) -> HTMLResponse:
    async with desk.pool.connection() as connection:
        titles = await campaign_titles(desk, connection)
    choices = [Choice("", _("None")), *(Choice(campaign, title) for campaign, title in reversed(list(titles.items())))]
    return await show(request, RewardFormPage(choices, fresh_key(), form), section="rewards", status=status, path=urls.REWARD_NEW)
