"""People and roles: who may do what on this site, since when and by whom; granting, revoking, and inviting somebody new."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse

from fanfare.members import invitations, roles, vault
from fanfare.members.address import normalised
from fanfare.members.links import site_address
from fanfare.members.refusals import AddressRefused
from fanfare.platform.caller import Caller, roles_of
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Admin, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Invalid, NotFound, Refusal
from fanfare.record.kinds import digest
from fanfare.views.site import grants
from fanfare.web import urls, words
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.settings import Found, Holding, Invited, PeoplePage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import people_rights
from fanfare.web.pages.forms import fresh_key, spoken
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.site_acts import BARE, who
from fanfare.web.pages.site_acts import role as a_role
from fanfare.web.pages.typed import Fields, key_of, posted
from fanfare.web.shells import show

router = desk_router()
ROLES = (
    Choice("host", marked("Host: runs campaigns and answers ideas")),
    Choice("moderator", marked("Moderator: sees what is reported and may hide it")),
    Choice("auditor", marked("Auditor: is named as one who checks the record")),
    Choice("admin", marked("Admin: may do all of that, and grants roles")),
)
_MOST = 20
_NAMES = {"revoke": ("member", "role"), "give-right": ("member",), "end-right": ("power",)}
"""Which fields tell a form of the page from the others of its kind."""


@router.get(urls.PEOPLE)
async def people(request: Request, admin: Admin, desk: TheDesk, q: Annotated[str, Query(max_length=254)] = "") -> HTMLResponse:
    """Show who holds which role; with `q` also whoever has that name or address."""
    return await _shown(request, desk, admin, q.strip())


Act = Literal["grant", "revoke", "invite", "withdraw", "give-right", "end-right"]


@router.post(urls.PEOPLE + "/{act}")
async def change(act: Act, request: Request, admin: Admin, desk: TheDesk) -> Response:
    """Grant or revoke a role, invite somebody, or take an invitation back."""
    fields = await posted(request)
    try:
        match act:
            case "grant":
                return await _grant(request, desk, admin, fields)
            case "revoke":
                return await _revoke(request, desk, admin, fields)
            case "invite":
                return await _invite(request, desk, admin, fields)
            case "give-right":
                given = await people_rights.give(desk, admin, fields)
                return led_to(request, urls.PEOPLE, _("The right holds from now on. They are told by mail."), given.position)
            case "end-right":
                ended = await people_rights.end(desk, admin, fields)
                return led_to(request, urls.PEOPLE, _("The right has ended. They are told by mail."), ended.position)
            case "withdraw":
                async with desk.pool.connection() as connection:
                    gone = await invitations.withdraw(connection, fields.get("invitation", ""))
                return led_to(request, urls.PEOPLE, _("The invitation is taken back.") if gone else _("It was gone already."))
    except NotFound:
        raise
    except Refusal as refusal:
        named = _NAMES.get(act, ())
        failed = "-".join(filter(None, (act, *(fields.get(name, "")[:40] for name in named))))
        field = str(refusal.extra.get("field", ""))
        field = field if field in ("reason", "role", "may", "campaign", "until") else ""
        said = str(refusal) if field or isinstance(refusal, AddressRefused) else f"{refusal.title} {refusal}"
        form = Form(fields, {field or ("email" if act == "invite" else ""): said})
        return await _shown(request, desk, admin, fields.get("q", ""), form, failed, refusal.status)


async def _grant(request: Request, desk: Desk, admin: Caller, fields: Fields) -> Response:
    member, role = fields.get("member", "")[:40], invitations.checked_role(fields.get("role", ""))
    asking = asked(admin, "grant-role", f"{member}/{role}", key_of(fields), digest(b""))
    done = await roles.grant(desk, asking, member, role)
    return led_to(
        request,
        urls.PEOPLE,
        _("%(name)s is %(role)s from now on.", name=await _name(desk, member), role=a_role(role)),
        done.position,
    )


async def _revoke(request: Request, desk: Desk, admin: Caller, fields: Fields) -> Response:
    member, role = fields.get("member", "")[:40], invitations.checked_role(fields.get("role", ""))
    reason = fields.get("reason", "")
    asking = asked(admin, "revoke-role", f"{member}/{role}", key_of(fields), digest(reason.encode()))
    done = await roles.revoke(desk, asking, member, role, reason)
    said = _("%(name)s is no longer %(role)s.", name=await _name(desk, member), role=a_role(role))
    return led_to(request, urls.FRONT if (member, role) == (admin.member, "admin") else urls.PEOPLE, said, done.position)


async def _invite(request: Request, desk: Desk, admin: Caller, fields: Fields) -> Response:
    email, role = fields.get("email", ""), invitations.checked_role(fields.get("role", ""))
    asking = asked(admin, "invite", role, key_of(fields), digest(email.encode()))
    await invitations.invite(desk, site_address(request, desk), asking, email, role)
    said = _("An invitation to be %(role)s is on its way. It works once, for a week.", role=_(BARE[role]))
    return led_to(request, urls.PEOPLE, said)


async def _name(desk: Desk, member: str) -> str:
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member)
    return known.name if known else _(words.GONE)


async def _shown(
    request: Request, desk: Desk, admin: Caller, q: str, form: Form | None = None, failed: str = "", status: int = 200
) -> HTMLResponse:
    await desk.catch_up()
    found, is_address = await _found(desk, q)
    async with desk.pool.connection() as connection:
        waiting = await invitations.under_way(connection)
        names = {each.by_member: await vault.by_id(connection, each.by_member) for each in waiting}
    invited = [
        Invited(each.id, each.email, each.role, by.name if (by := names[each.by_member]) else _(words.GONE), each.expires_at)
        for each in waiting
    ]
    page = PeoplePage(
        holdings=await _holdings(desk, admin),
        roles=spoken(ROLES),
        idempotency_key=fresh_key(),
        asked=q,
        found=found,
        is_address=is_address,
        invited=invited,
        form=form or Form({"email": q} if is_address else {}),
        failed=failed,
        rights=await people_rights.given(desk),
        kinds=spoken(people_rights.KINDS),
        places=await people_rights.places(desk) if found else (),
    )
    answer = await show(request, page, section="settings", status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _found(desk: Desk, q: str) -> tuple[Sequence[Found] | None, bool]:
    """Return who has that name, or that address; and whether it is an address that nobody has."""
    if not q or "\0" in q:
        return None, False
    try:
        address = normalised(q)
    except Invalid:
        address = ""
    async with desk.pool.connection() as connection:
        if address:
            known = await vault.by_email(connection, address)
            members = [known] if known and known.recorded else []
        else:
            members = await vault.listed(connection, named=q, limit=_MOST)
    found = [Found(each.id, each.name, each.joined_at, sorted(roles_of(desk, each.id))) for each in members]
    return found, bool(address) and not found


async def _holdings(desk: Desk, admin: Caller) -> list[Holding]:
    held = desk.streams.site.roles
    async with desk.pool.connection() as connection:
        granted = await grants(connection, sorted({member for member, _ in held}))
    only = len(roles.admins(desk.streams.site)) == 1
    return [
        Holding(
            member=each.member or "",
            name=each.name or _(words.GONE),
            role=each.role or "",
            since=each.at,
            by=who(each),
            is_last_admin=only and each.role == "admin",
            is_me=each.member == admin.member,
        )
        for each in granted
        if (each.member, each.role) in held
    ]
