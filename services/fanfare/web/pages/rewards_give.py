"""The form that offers a reward: first to whom, a fan or those whom a draw drew, then why."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.record.rewards import Reward
from fanfare.rewards import reading
from fanfare.rewards.refusals import AlreadyOffered, RewardRefused
from fanfare.rewards.routes import TheRewards
from fanfare.rewards.service import Rewards
from fanfare.views import contributions, moderation
from fanfare.views import draws as draws_view
from fanfare.web import urls, words
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.rewards_desk import FoundFan, GivePage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.recognised import spoken
from fanfare.web.pages.rewards_lines import draws_named
from fanfare.web.shells import show

router = desk_router()
_MOST, _DRAWS = 20, 10
_BECAUSE = "because-"


@router.get(urls.REWARDS_DESK + "/{reward_id}/offer")
async def give_form(
    reward_id: str,
    request: Request,
    host: Host,
    desk: TheDesk,
    rewards: TheRewards,
    to: Annotated[str, Query(max_length=64)] = "",
    draw: Annotated[str, Query(max_length=64)] = "",
    find: Annotated[str, Query(max_length=80)] = "",
) -> HTMLResponse:
    """Show the form: with nobody chosen a search by name and the draws that are done, else why."""
    reward = await rewards.reward(known(reward_id))
    return await _shown(request, desk, reward, host, Form({"to": to, "draw": draw}), sought=find.strip())


@router.post(urls.REWARDS_DESK + "/{reward_id}/offer")
async def give(reward_id: str, request: Request, host: Host, desk: TheDesk, rewards: TheRewards) -> Response:
    """Offer it to whoever was chosen; on a refusal the form comes back with everything that was typed."""
    form, reward = await sent(request), await rewards.reward(known(reward_id))
    try:
        done = await _offered(desk, rewards, reward, host, form)
    except NotFound:
        raise
    except Refusal as refusal:
        shown = again(form, refusal, {"reason": "reason"})
        return await _shown(request, desk, await rewards.reward(reward_id), host, shown, status=refusal.status)
    said = _("It is offered. A mail is on its way, with your reason.")
    if form.value("waits"):
        said = _("On the reserve list. The next that becomes free is offered in its order.")
    return led_to(request, urls.reward_desk(reward_id), said, done.position)


async def _offered(desk: Desk, rewards: Rewards, reward: Reward, host: Caller, form: Sent) -> Acknowledged:
    """
    Offer a reward to one fan, or to all who won it in a draw: who comes behind the stock goes on the reserve list.

    Raises:
        RewardRefused: nobody is left to offer it to; and what a single offer raises.
    """
    to, draw, reason = form.value("to"), form.value("draw"), form.value("reason")
    because = [known(name.removeprefix(_BECAUSE)) for name, text in form.values.items() if name.startswith(_BECAUSE) and text]
    said = form.digest("to", "draw", "reason", "waits", *sorted(each for each in form.values if each.startswith(_BECAUSE)))
    if not draw:
        asking = asked(host, "offer", reward.added.reward, form.key, said)
        waits = form.value("waits") == "yes"
        return (await rewards.offer(asking, reward.added.reward, known(to), reason, because, waits=waits))[1]
    async with desk.pool.connection() as connection:
        winners = await _winners(desk, connection, reward, known(draw), host)
    done: Acknowledged | None = None
    for each in winners:
        asking = asked(host, "offer", reward.added.reward, f"{form.key}-{each.id}", said)
        try:
            done = (await rewards.offer(asking, reward.added.reward, each.id, reason, (), draw, waits=True))[1]
        except AlreadyOffered:  # by another host, in this very moment
            continue
    if done is None:
        message = _("All who were drawn have an offer of it already.")
        raise RewardRefused(message)
    return done


async def _winners(desk: Desk, connection: AsyncConnection, reward: Reward, draw_id: str, host: Caller) -> list[FoundFan]:
    """Return who holds a seat in a draw, by place, and has no offer of the reward yet."""
    draw = desk.streams.draws.get(draw_id)
    drawn = await draws_view.drawn(connection, draw, desk.now) if draw else []
    return [
        FoundFan(each.seat.member, each.name, each.seat.offered_at)
        for each in drawn
        if each.seat.state in ("held", "offered")
        and each.name
        and each.seat.member != host.member
        and not reward.of_member(each.seat.member)
    ]


async def _shown(
    request: Request, desk: Desk, reward: Reward, host: Caller, form: Form, *, sought: str = "", status: int = 200
) -> HTMLResponse:
    to, draw_id = form.value("to"), form.value("draw")
    async with desk.pool.connection() as connection:
        found = await reading.shelved(connection, reward)
        titled = await draws_named(desk, connection, {draw_id} - {""})
        if draw_id in titled:
            chosen = await _winners(desk, connection, reward, draw_id, host)
        else:
            chosen = [await _fan(connection, to)] if to else []
        title = titled[draw_id].label if draw_id in titled else ""
        if title and not form.values.get("reason"):
            form = Form({**form.values, "reason": _("You won it in a draw: %(draw)s.", draw=title)}, form.errors)
        page = GivePage(
            id=found.id,
            title=found.title or _(words.UNNAMED),
            left=found.left,
            idempotency_key=fresh_key(),
            form=form,
            sought=sought,
            found=await _found(connection, sought, host) if sought else None,
            draws=() if chosen else await _draws(desk, connection, found.id),
            to=chosen,
            draw=draw_id if chosen and title else "",
            contributions=await _contributions(connection, chosen[0].id) if chosen and not title else (),
        )
    return await show(request, page, section="rewards", status=status, path=urls.reward_give(found.id))


async def _fan(connection: AsyncConnection, member: str) -> FoundFan:
    """Return the one fan whom it is for. Raises: MemberNotFound."""
    found = await vault.by_id(connection, known(member))
    if found is None or not found.recorded:
        raise MemberNotFound
    return FoundFan(found.id, found.name, found.joined_at)


async def _found(connection: AsyncConnection, named: str, host: Caller) -> Sequence[FoundFan]:
    if "\0" in named:
        return []
    members = await vault.listed(connection, named=named, limit=_MOST)
    return [FoundFan(each.id, each.name, each.joined_at) for each in members if each.recorded and each.id != host.member]


async def _draws(desk: Desk, connection: AsyncConnection, reward_id: str) -> Sequence[Action]:
    """Return the latest draws that are done, each leading to the form for its winners."""
    done = [each for each, draw in desk.streams.draws.items() if draw.status == "done" and draw.announced.purpose != "spotlight"]
    named = await draws_named(desk, connection, set(done[-_DRAWS:]))
    return [Action(named[each].label, urls.reward_give(reward_id, draw=each)) for each in reversed(done[-_DRAWS:])]


async def _contributions(connection: AsyncConnection, member: str) -> Sequence[Choice]:
    latest = await contributions.latest(connection, member, _MOST)
    told = await moderation.in_words(connection, latest)
    return [Choice(each, spoken(told[each])) for each in latest if each in told]
