"""The API of ideas."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.campaigns.refusals import CampaignNotFound
from fanfare.ideas.service import Ideas, Words
from fanfare.platform.edge import BodyDigest, Fan, Key, TheDesk, Visitor, acknowledge, asked
from fanfare.platform.refusals import Invalid
from fanfare.views import erased
from fanfare.views import ideas as view

router = APIRouter(prefix="/api/v1", tags=["ideas"])


async def _ideas(request: Request) -> Ideas:
    ideas: Ideas = request.app.state.ideas
    return ideas


TheIdeas = Annotated[Ideas, Depends(_ideas)]
Id = Annotated[str, Path(max_length=64)]


class IdeaForm(BaseModel):
    """An idea in words."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Sour Cherry Cola", "body": "Cola with the cherry stone left in.", "tags": "cherry, sour"}]
        },
    )
    title: str = Field(max_length=2_000_000)
    body: str = Field(max_length=2_000_000)
    tags: str = Field(default="", max_length=2_000)

    def words(self) -> Words:
        """Return the words of the form."""
        return Words(self.title, self.body, self.tags)


class EditForm(IdeaForm):
    """New words, and the version that they replace."""

    version: int = Field(ge=1, le=100_000)


class CommentForm(BaseModel):
    """A comment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Will it be pink without dye?"}]})
    text: str = Field(max_length=2_000_000)


class IdeaRead(BaseModel):
    """An idea in its current version."""

    id: str
    campaign: str
    round: str
    author: str
    author_name: str
    title: str
    body: str
    tags: list[str]
    version: int
    raised_at: datetime
    supporters: int
    comments: int
    withdrawn: bool
    frozen: bool
    """On a ballot: its words can no longer change."""


class VersionRead(BaseModel):
    """A version of an idea."""

    version: int
    written_at: datetime
    title: str
    body: str
    title_hash: str
    body_hash: str
    tags_hash: str


class CommentRead(BaseModel):
    """A comment."""

    id: str
    author: str
    author_name: str
    text: str
    """Empty where it was removed or erased; ``gone`` says which."""
    text_hash: str
    gone: str = ""
    written_at: datetime


class IdeaPage(IdeaRead):
    """An idea with all that stands under it."""

    title_hash: str
    body_hash: str
    tags_hash: str
    gone: str = ""
    """What stands in the place of its words, where they were removed or erased."""
    versions: list[VersionRead]
    discussion: list[CommentRead]
    supported: bool
    """Whether the member who asks supports it."""


class IdeaList(BaseModel):
    """Ideas; ``next`` is the cursor of the page after, none on the last."""

    ideas: list[IdeaRead]
    next: str | None


class Written(BaseModel):
    """It is in the record, at this position."""

    id: str
    event: str
    position: str


def read(found: dict[str, Any]) -> dict[str, Any]:
    """Return an idea's fields as the API names them."""
    words = {name: found[name] for name in view.FIELDS if name in IdeaRead.model_fields}
    return {**words, "id": found["idea"], "tags": [each for each in found["tags"].split(", ") if each]}


@router.get("/campaigns/{campaign_id}/ideas", summary="The ideas of a campaign")
async def list_ideas(
    campaign_id: Id,
    desk: TheDesk,
    sort: Literal["new", "top"] = "new",
    tag: Annotated[str, Query(max_length=30)] = "",
    cursor: Annotated[str, Query(max_length=25)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> IdeaList:
    """Return ideas, the newest or the most supported first."""
    after = parse_cursor(cursor)
    if campaign_id not in desk.streams.campaigns:
        await desk.catch_up()  # only before a no: this process may not have read it yet
    known = desk.streams.campaigns.get(campaign_id)
    if known is None or not known.id:
        raise CampaignNotFound
    async with desk.pool.connection() as connection:
        found = await view.listed(connection, campaign_id, top=sort == "top", tag=tag, after=after, limit=limit)
    more = f"{found[-1]['supporters']}.{found[-1]['place']}" if len(found) == limit else None
    return IdeaList(ideas=[IdeaRead(**read(each)) for each in found], next=more)


def parse_cursor(cursor: str) -> tuple[int, int] | None:
    """
    Return (supporters, place) of a cursor; none for the first page.

    Raises:
        Invalid: it is not one that a list of ideas gave out.
    """
    if not cursor:
        return None
    supporters, _, place = cursor.partition(".")
    if not (supporters.isascii() and supporters.isdigit() and place.isascii() and place.isdigit()) or len(cursor) > 25:
        message = "This cursor was not given out here. Begin without one."
        raise Invalid(message)
    return min(int(supporters), 2**31 - 1), min(int(place), 2**62)


@router.get("/ideas/{idea_id}", summary="An idea")
async def get_idea(idea_id: Id, desk: TheDesk, ideas: TheIdeas, visitor: Visitor) -> IdeaPage:
    """Return an idea with its versions and comments."""
    found = await ideas.find(idea_id)
    async with desk.pool.connection() as connection:
        versions = [VersionRead(**each) for each in await view.versions(connection, idea_id)]
        said = await view.comments(connection, idea_id)
        own = (found["title_hash"], found["body_hash"])
        gone = await erased.in_place_of(connection, (*own, *(each["text_hash"] for each in said)))
        discussion = [CommentRead(id=each.pop("comment"), gone=gone.get(each["text_hash"], ""), **each) for each in said]
        supported, _ = await view.support_of(connection, idea_id, visitor.member) if visitor else (False, 0)
    missing = gone.get(found["body_hash"]) or gone.get(found["title_hash"], "")
    hashes = {name: found[name] for name in ("title_hash", "body_hash", "tags_hash")}
    return IdeaPage(**read(found), **hashes, gone=missing, versions=versions, discussion=discussion, supported=supported)


@router.post("/rounds/{round_id}/ideas", status_code=status.HTTP_201_CREATED, summary="Raise an idea")
async def raise_idea(
    round_id: Id, form: IdeaForm, fan: Fan, ideas: TheIdeas, key: Key, body: BodyDigest, response: Response
) -> Written:
    """Raise an idea. Sending the same request twice with one Idempotency-Key raises one."""
    idea, done = await ideas.raise_idea(round_id, asked(fan, "raise", round_id, key, body), form.words())
    acknowledge(response, done)
    response.headers["Location"] = f"/api/v1/ideas/{idea}"
    return Written(id=idea, event=done.event_id, position=str(done.position))


@router.put("/ideas/{idea_id}", summary="Edit an idea")
async def edit_idea(
    idea_id: Id, form: EditForm, fan: Fan, ideas: TheIdeas, key: Key, body: BodyDigest, response: Response
) -> Written:
    """Write a new version of your idea, until a vote on it opens."""
    done = await ideas.edit(idea_id, asked(fan, "edit", idea_id, key, body), form.version, form.words())
    acknowledge(response, done)
    return Written(id=idea_id, event=done.event_id, position=str(done.position))


@router.delete("/ideas/{idea_id}", summary="Withdraw an idea")
async def withdraw_idea(idea_id: Id, fan: Fan, ideas: TheIdeas, key: Key, response: Response) -> Written:
    """Take your idea back, until a vote on it opens."""
    done = await ideas.withdraw(idea_id, asked(fan, "withdraw", idea_id, key))
    acknowledge(response, done)
    return Written(id=idea_id, event=done.event_id, position=str(done.position))


@router.put("/ideas/{idea_id}/support", summary="Support an idea")
async def support(idea_id: Id, fan: Fan, ideas: TheIdeas, key: Key, response: Response) -> Written:
    """Support an idea while its round is open. Once or ten times is the same."""
    done = await ideas.support(idea_id, asked(fan, "support", idea_id, key), supports=True)
    acknowledge(response, done)
    return Written(id=idea_id, event=done.event_id, position=str(done.position))


@router.delete("/ideas/{idea_id}/support", summary="No longer support an idea")
async def withdraw_support(idea_id: Id, fan: Fan, ideas: TheIdeas, key: Key, response: Response) -> Written:
    """Withdraw your support while the round is open."""
    done = await ideas.support(idea_id, asked(fan, "unsupport", idea_id, key), supports=False)
    acknowledge(response, done)
    return Written(id=idea_id, event=done.event_id, position=str(done.position))


@router.post("/ideas/{idea_id}/comments", status_code=status.HTTP_201_CREATED, summary="Comment on an idea")
async def comment(
    idea_id: Id, form: CommentForm, fan: Fan, ideas: TheIdeas, key: Key, body: BodyDigest, response: Response
) -> Written:
    """Write under an idea."""
    done = await ideas.comment(idea_id, asked(fan, "comment", idea_id, key, body), form.text)
    acknowledge(response, done)
    return Written(id=idea_id, event=done.event_id, position=str(done.position))
