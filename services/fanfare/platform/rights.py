"""Rights: the one place where a service, a route or a page asks whether somebody may do something here and now."""

from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.warrants import Warrant, warrant
from fanfare.record.powers import BY_ROLE, May


async def warrant_of(caller: Caller, desk: Desk, what: May) -> Warrant:
    """
    Return where a caller may do *what*, now.

    The record is read to its head first, unless she has a role: another process may have granted or ended a power just now.
    """
    if caller.roles & BY_ROLE[what]:
        return Warrant(caller.member, caller.name, what, everywhere=True)
    await desk.catch_up()
    return warrant(desk.streams, caller.member, what, desk.now, caller.name)


async def may(caller: Caller, desk: Desk, what: May, campaign: str | None) -> bool:
    """Tell whether a caller may do *what* in *campaign*, or (none) on the whole site, now: by her role or by a power."""
    return (await warrant_of(caller, desk, what)).covers(campaign)


def may_now(desk: Desk, caller: Caller | None, what: May, campaign: str | None) -> bool:
    """Tell the same as :func:`may` for what a page shows, from the record as it was last read: at most half a second ago."""
    if caller is None:
        return False
    by_role = bool(caller.roles & BY_ROLE[what])
    return by_role or warrant(desk.streams, caller.member, what, desk.now).covers(campaign)
