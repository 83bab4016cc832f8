"""The host's rewards: the shelf, one reward with what waits in it, what a host does about an offer, and the list to pack by."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.members import vault
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.rewards import reading
from fanfare.rewards.reading import OfferRead, Shelved
from fanfare.rewards.refusals import RewardRefused
from fanfare.rewards.routes import TheRewards
from fanfare.rewards.service import Rewards
from fanfare.web import countries, urls, words
from fanfare.web.contexts.rewards_desk import DeskOffer, DeskReward, PackLine, PackPage, RewardDeskPage, RewardsDeskPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.rewards_lines import draws_named, for_whom
from fanfare.web.pages.typed import whole
from fanfare.web.shells import show

router = desk_router()
_HANDLED = ("prepared", "sent", "arrived", "failed")
_ACTS = (*_HANDLED, "withdraw", "stock", "close")
_ID = Query(max_length=64)


@router.get(urls.REWARDS_DESK)
async def rewards_page(
    request: Request, host: Host, desk: TheDesk, to: Annotated[str, _ID] = "", draw: Annotated[str, _ID] = ""
) -> HTMLResponse:
    """Show the shelf; a host who comes for a fan or the winners of a draw is asked what they shall get."""
    del host
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        found = await reading.shelf(connection, desk.streams)
        member = await vault.by_id(connection, known(to)) if to else None
        drawn = await draws_named(desk, connection, {draw} - {""})
    for_them = _("those who were drawn in “%(draw)s”", draw=drawn[draw].label) if draw in drawn else ""
    page = RewardsDeskPage(
        rewards=sorted(map(_line, found), key=lambda each: (each.is_closed, not each.due)),
        to=member.id if member else "",
        draw=draw if draw in drawn else "",
        for_whom=member.name if member else for_them,
    )
    return await show(request, page, section="rewards")


@router.get(urls.REWARDS_DESK + "/{reward_id}")
async def reward_page(reward_id: str, request: Request, host: Host, desk: TheDesk, rewards: TheRewards) -> HTMLResponse:
    """Show one reward with its offers."""
    del host
    return await _shown(request, desk, rewards, known(reward_id), Form())


@router.get(urls.REWARDS_DESK + "/{reward_id}/pack")
async def pack(reward_id: str, request: Request, host: Host, desk: TheDesk, rewards: TheRewards) -> HTMLResponse:
    """Show where it goes; each address that is seen is noted, with who saw it."""
    reward = await rewards.reward(known(reward_id))
    async with desk.pool.connection() as connection:
        found = await reading.desk_of(
            connection, reward, desk.now, looked_by=host.member, states=("accepted", "prepared", "failed")
        )
        title = (await reading.shelved(connection, reward)).title
    lines = [_parcel(each) for each in found if each.address]
    return await show(request, PackPage(reward_id, title or _(words.UNNAMED), lines, host.name), section="rewards")


@router.post(urls.REWARDS_DESK + "/{reward_id}/{step}")
async def acted(reward_id: str, step: str, request: Request, host: Host, desk: TheDesk, rewards: TheRewards) -> Response:
    """Say how far an offer is, withdraw it, change the stock or close the reward; a refusal stands on the page."""
    if step not in _ACTS:
        raise NotFound
    form = await sent(request)
    try:
        done = await _done(rewards, host, known(reward_id), step, form)
    except NotFound:
        raise
    except Refusal as refusal:
        return await _shown(request, desk, rewards, reward_id, again(form, refusal, {"stock": "stock"}), refusal.status)
    return led_to(request, urls.reward_desk(reward_id), _said(step), done.position)


async def _done(rewards: Rewards, host: Caller, reward_id: str, act: str, form: Sent) -> Acknowledged:
    offer, reason = form.value("offer"), form.value("reason")
    asking = asked(
        host, act, reward_id if act in ("stock", "close") else offer, form.key, form.digest("offer", "stock", "reason")
    )
    match act:
        case "stock":
            stock = whole(form.value("stock"))
            if stock is None:
                message = _("Write how many there are in digits.")
                raise RewardRefused(message, field="stock")
            return await rewards.set_stock(asking, reward_id, stock, reason)
        case "close":
            return await rewards.close(asking, reward_id, reason)
        case "withdraw":
            return await rewards.withdraw(asking, known(offer), reason)
        case "prepared" | "sent" | "arrived" | "failed":
            return await rewards.handled(asking, known(offer), act, reason)
        case _:
            raise NotFound


def _said(act: str) -> str:
    return {
        "prepared": _("It is prepared. She reads it on her page."),
        "sent": _("It is on its way. She says when it arrives."),
        "arrived": _("It is noted that she has it."),
        "failed": _("It is noted. She keeps her place."),
        "withdraw": _("The offer is withdrawn, and she reads why."),
        "stock": _("The number is changed."),
        "close": _("No more of it are offered."),
    }[act]


async def _shown(request: Request, desk: Desk, rewards: Rewards, reward_id: str, form: Form, status: int = 200) -> HTMLResponse:
    reward = await rewards.reward(reward_id)
    async with desk.pool.connection() as connection:
        found = await reading.shelved(connection, reward)
        offers = await reading.desk_of(connection, reward, desk.now)
        page = RewardDeskPage(
            id=found.id,
            kind=found.kind,
            title=found.title or _(words.UNNAMED),
            words=found.words,
            stock=found.stock,
            left=found.left,
            is_sent=found.sent,
            idempotency_key=fresh_key(),
            offers=await _offers(desk, connection, offers),
            for_whom=for_whom(found),
            answer_h=found.answer_h,
            closed=(found.closed_because or _(words.UNNAMED)) if found.closed_at else "",
            form=form,
        )
    return await show(request, page, section="rewards", status=status, path=urls.reward_desk(reward_id))


def _line(found: Shelved) -> DeskReward:
    count = found.states.get
    return DeskReward(
        id=found.id,
        kind=found.kind,
        title=found.title or _(words.UNNAMED),
        stock=found.stock,
        left=found.left,
        accepted=count("accepted", 0),
        prepared=count("prepared", 0),
        failed=count("failed", 0),
        offered=count("offered", 0),
        waiting=count("waiting", 0),
        arrived=count("arrived", 0),
        is_closed=found.closed_at is not None,
    )


async def _offers(desk: Desk, connection: AsyncConnection, found: Sequence[OfferRead]) -> Sequence[DeskOffer]:
    draws = await draws_named(desk, connection, {each.draw for each in found if each.draw})
    return [
        DeskOffer(
            id=each.id,
            member=each.member if each.name else "",
            name=each.name or _(words.GONE),
            state=each.state,
            since=each.since,
            by=each.by_name or _(words.GONE),
            reason=each.reason,
            until=each.until,
            why=each.why,
            draw=draws.get(each.draw or ""),
        )
        for each in found
    ]


def _parcel(found: OfferRead) -> PackLine:
    address = found.address
    return PackLine(
        name=found.name or _(words.GONE),
        to=address.name if address else "",
        lines=address.lines.splitlines() if address else (),
        country=countries.named(found.country),
        offer=found.id,
        state=found.state,
    )
