"""The JSON API of members: signing in, oneself, one's sessions and tokens, roles."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status

from fanfare.members import (
    arriving,
    erasing_routes,
    joining,
    models,
    passkey_routes,
    power_routes,
    roles,
    sessions,
    tokens,
    vault,
)
from fanfare.members.csrf import guard, guard_origin
from fanfare.members.refusals import BrowserNeeded, MemberNotFound, SessionNotFound
from fanfare.members.signing_in import ask_for_link, sign_in_with
from fanfare.platform.caller import Caller, roles_of
from fanfare.platform.desk import Desk
from fanfare.platform.documents import Answers
from fanfare.platform.edge import (
    Admin,
    BodyDigest,
    Fan,
    Key,
    Limit,
    TheDesk,
    Visitor,
    acknowledge,
    asked,
    note_position,
)
from fanfare.record.site import Role

router = APIRouter(prefix="/api/v1", tags=["members"])
signing_in = APIRouter(dependencies=[Depends(guard_origin)])
signed_in = APIRouter(dependencies=[Depends(guard)])
_SENT = "If a member may sign in with this address, a link is on its way. It works once, for 15 minutes."
_WORK: Answers = {428: {"description": "Many links are asked for: send the solution of the challenge, or wait a minute."}}
_STALE: Answers = {404: {"description": "No such link."}, 410: {"description": "The link was used, or has gone stale."}}
OptionalKey = Annotated[str, Header(alias="Idempotency-Key", max_length=200, description="The same key sends one mail.")]


@signing_in.post("/sign-in", status_code=status.HTTP_202_ACCEPTED, summary="Send me a sign-in link", responses=_WORK)
async def sign_in(request: Request, desk: TheDesk, form: models.SignIn, key: OptionalKey = "") -> models.LinkSent:
    """Send a link. The answer is the same whether or not the address is known."""
    async with desk.pool.connection() as connection:
        by = await arriving.whose(connection, form.came_by)
    told = {"work": form.work, "waited": form.waited, "brought_by": by.id if by else ""}
    await ask_for_link(request, desk, form.email, form.next, key, **told)
    return models.LinkSent(detail=_SENT)


@signing_in.post("/sign-in/confirm", summary="Use a sign-in link up", responses=_STALE)
async def confirm(
    request: Request, response: Response, desk: TheDesk, form: models.ConfirmSignIn, visitor: Visitor, key: OptionalKey = ""
) -> models.SignedIn:
    """Sign in: the answer sets the session's cookie. A newcomer joins with it."""
    done = await sign_in_with(
        request,
        desk,
        form.token.get_secret_value(),
        name=form.name,
        email=form.email,
        visitor=visitor,
        key=key,
        credit=form.credit,
    )
    sessions.set_cookie(request, response, done.token)
    if done.position:
        note_position(response, done.position)
    return models.SignedIn(member=done.member, next=done.next, newcomer=done.newcomer)


@signed_in.post("/sign-out", status_code=status.HTTP_204_NO_CONTENT, summary="Sign this browser out")
async def sign_out(request: Request, response: Response, desk: TheDesk) -> None:
    """End the session at once, on the server too. Signing out twice changes nothing."""
    async with desk.pool.connection() as connection:
        await sessions.end_this(connection, request)
    sessions.clear_cookie(request, response)


@signed_in.get("/me", summary="What you keep of me")
async def me(desk: TheDesk, fan: Fan) -> models.Me:
    """Everything that the vault holds of you, but for a secret that makes your voter tokens."""
    async with desk.pool.connection() as connection:
        member = await vault.by_id(connection, fan.member)
    return _me(member, fan)


@signed_in.patch("/me", summary="Call me by another name")
async def change_me(desk: TheDesk, fan: Fan, form: models.ChangeMe) -> models.Me:
    """Change the name under your ideas and comments, the earlier ones too, or who may read your page."""
    name = None if form.name is None else joining.checked_name(form.name)
    async with desk.pool.connection() as connection:
        if name is not None:
            await vault.rename(connection, fan.member, name)
        if form.shown is not None:
            await vault.show(connection, fan.member, shown=form.shown)
        member = await vault.by_id(connection, fan.member)
    return _me(member, fan)


@signed_in.get("/me/sessions", summary="Where I am signed in")
async def my_sessions(request: Request, desk: TheDesk, fan: Fan) -> list[models.SessionOut]:
    """List the browsers that are signed in as you."""
    return await _sessions(request, desk, fan, "browser")


@signed_in.delete("/me/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Sign a browser out")
async def end_session(session_id: str, desk: TheDesk, fan: Fan) -> None:
    """End one of your sessions, at once."""
    await _end(desk, fan, session_id, "browser")


@signed_in.get("/tokens", summary="My API tokens")
async def my_tokens(request: Request, desk: TheDesk, fan: Fan) -> list[models.SessionOut]:
    """List your API tokens; the tokens themselves are kept nowhere."""
    return await _sessions(request, desk, fan, "token")


@signed_in.post("/tokens", status_code=status.HTTP_201_CREATED, summary="Make an API token")
async def make_token(response: Response, desk: TheDesk, fan: Fan, form: models.MakeToken, key: Key) -> models.TokenOut:
    """Make a token for a script. It may do whatever you may, and is shown this once."""
    if fan.by_token:
        raise BrowserNeeded
    token, made = await tokens.make(desk, fan.member, form.label, form.lasts, key)
    response.headers["Location"] = f"/api/v1/tokens/{made.id}"
    return models.TokenOut(
        id=made.id, label=made.label, created_at=made.created_at, expires_at=made.expires_at, current=False, token=token
    )


@signed_in.delete("/tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT, summary="End an API token")
async def end_token(token_id: str, desk: TheDesk, fan: Fan) -> None:
    """End one of your tokens, at once."""
    await _end(desk, fan, token_id, "token")


@signed_in.get("/members", summary="Members")
async def members(
    desk: TheDesk,
    admin: Admin,
    role: Role | None = None,
    name: Annotated[str, Query(max_length=100, description="A part of the name.")] = "",
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Limit = 50,
) -> models.Members:
    """List members, or those who hold a role; for admins."""
    del admin  # only admins get here
    holders = None if role is None else [member for member, held in desk.streams.site.roles if held == role]
    async with desk.pool.connection() as connection:
        found = await vault.listed(connection, after=after, limit=limit, named=name, only=holders)
    shown = [_member(desk, each) for each in found]
    return models.Members(members=shown, after=found[-1].id if len(found) == limit else None)


@signed_in.post("/members/{member_id}/roles", summary="Grant a role")
async def grant_role(
    member_id: str, response: Response, desk: TheDesk, admin: Admin, form: models.GrantRoleForm, key: Key, body: BodyDigest
) -> models.MemberOut:
    """Give a member a role; it holds from her next request on."""
    asking = asked(admin, "grant-role", f"{member_id}/{form.role}", key, body)
    acknowledge(response, await roles.grant(desk, asking, member_id, form.role))
    return await _one(desk, member_id)


@signed_in.delete("/members/{member_id}/roles/{role}", summary="Revoke a role")
async def revoke_role(
    member_id: str,
    role: Role,
    response: Response,
    desk: TheDesk,
    admin: Admin,
    form: models.RevokeRoleForm,
    key: Key,
    body: BodyDigest,
) -> models.MemberOut:
    """Take a role from a member, with a reason that everybody can read."""
    asking = asked(admin, "revoke-role", f"{member_id}/{role}", key, body)
    acknowledge(response, await roles.revoke(desk, asking, member_id, role, form.reason))
    return await _one(desk, member_id)


async def _sessions(request: Request, desk: Desk, fan: Caller, kind: sessions.Kind) -> list[models.SessionOut]:
    presented = sessions.bearer(request) or request.cookies.get(sessions.cookie_name(request), "")
    async with desk.pool.connection() as connection:
        found = await sessions.listed(connection, fan.member, kind)
    own = sessions.shown_id(presented)
    return [
        models.SessionOut(
            id=each.id, label=each.label, created_at=each.created_at, expires_at=each.expires_at, current=each.id == own
        )
        for each in found
    ]


async def _end(desk: Desk, fan: Caller, session_id: str, kind: sessions.Kind) -> None:
    async with desk.pool.connection() as connection:
        if not await sessions.end(connection, fan.member, session_id, kind):
            raise SessionNotFound


def _me(member: vault.Member | None, fan: Caller) -> models.Me:
    if member is None:  # erased since her session was read
        raise SessionNotFound
    return models.Me(
        id=member.id,
        name=member.name,
        email=member.email,
        roles=sorted(fan.roles),
        joined_at=member.joined_at,
        simulated=member.simulated,
        shown=member.shown,
    )


def _member(desk: Desk, member: vault.Member) -> models.MemberOut:
    held = sorted(roles_of(desk, member.id))
    return models.MemberOut(id=member.id, name=member.name, roles=held, joined_at=member.joined_at)


async def _one(desk: Desk, member_id: str) -> models.MemberOut:
    async with desk.pool.connection() as connection:
        found = await vault.by_id(connection, member_id)
    if found is None:
        raise MemberNotFound
    return _member(desk, found)


for each in (signing_in, signed_in, passkey_routes.signing_in, passkey_routes.signed_in):
    router.include_router(each)
router.include_router(erasing_routes.router, dependencies=[Depends(guard)])
router.include_router(power_routes.router, dependencies=[Depends(guard)])
