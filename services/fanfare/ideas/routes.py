"""The API of ideas."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.campaigns.refusals import CampaignNotFound
from fanfare.ideas.service import Described, Ideas, Words
from fanfare.pictures.routes import SizeRead, sizes_read
from fanfare.platform.desk import Desk
from fanfare.platform.edge import BodyDigest, Fan, Key, TheDesk, Visitor, acknowledge, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid
from fanfare.views import erased, idea_lists
from fanfare.views import ideas as view
from fanfare.views import pictures as picture_view
from fanfare.views.pictures import Shown

router = APIRouter(prefix="/api/v1", tags=["ideas"])


async def _ideas(request: Request) -> Ideas:
    ideas: Ideas = request.app.state.ideas
    return ideas


MOST_CURSOR = 600
"""Digits of a cursor at most: what an idea rises by has more of them with every year."""
TheIdeas = Annotated[Ideas, Depends(_ideas)]
Id = Annotated[str, Path(max_length=64)]


class PictureForm(BaseModel):
    """A picture that you sent, and what it shows, for whoever cannot see it."""

    model_config = ConfigDict(extra="forbid")
    picture: str = Field(pattern=r"^[0-9a-f]{64}$")
    words: str = Field(max_length=20_000, description="At most 300 characters.")


class IdeaForm(BaseModel):
    """An idea in words, and its pictures."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Sour Cherry Cola", "body": "Cola with the cherry stone left in.", "tags": "cherry, sour"}]
        },
    )
    title: str = Field(max_length=2_000_000)
    body: str = Field(max_length=2_000_000)
    tags: str = Field(default="", max_length=2_000)
    pictures: list[PictureForm] = Field(default_factory=list, max_length=100, description="At most four.")

    def words(self) -> Words:
        """Return the words of the form."""
        return Words(self.title, self.body, self.tags, tuple(Described(each.picture, each.words) for each in self.pictures))


class EditForm(IdeaForm):
    """New words, and the version that they replace."""

    version: int = Field(ge=1, le=100_000)


class CommentForm(BaseModel):
    """A comment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Will it be pink without dye?"}]})
    text: str = Field(max_length=2_000_000)


class IdeaPicture(BaseModel):
    """A picture of an idea."""

    picture: str
    words: str
    """What it shows; empty where those words were removed."""
    words_hash: str
    sizes: dict[str, SizeRead]
    """By their names: small, middle, large."""


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
    pictures: list[IdeaPicture]


class VersionRead(BaseModel):
    """A version of an idea."""

    version: int
    written_at: datetime
    title: str
    body: str
    title_hash: str
    body_hash: str
    tags_hash: str
    pictures: list[IdeaPicture]


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


def read(found: dict[str, Any], pictures: Sequence[Shown]) -> dict[str, Any]:
    """Return an idea's fields as the API names them."""
    words = {name: found[name] for name in view.FIELDS if name in IdeaRead.model_fields}
    tags = [each for each in found["tags"].split(", ") if each]
    return {**words, "id": found["idea"], "tags": tags, "pictures": pictures_read(pictures)}


def pictures_read(pictures: Sequence[Shown]) -> list[IdeaPicture]:
    """Return pictures as the API tells them."""
    return [
        IdeaPicture(picture=p.picture, words=p.words, words_hash=p.words_hash, sizes=sizes_read(p.picture, p.sizes))
        for p in pictures
    ]


Sought = Annotated[str, Query(max_length=160)]


@router.get("/campaigns/{campaign_id}/ideas", summary="The ideas of a campaign")
async def list_ideas(
    campaign_id: Id,
    desk: TheDesk,
    sort: idea_lists.Sort = "new",
    tag: Annotated[str, Query(max_length=30)] = "",
    q: Sought = "",
    cursor: Annotated[str, Query(max_length=MOST_CURSOR)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> IdeaList:
    """
    Return ideas: the newest, the most supported or the rising first; or those in which the words of `q` stand.

    A search forgives misspellings in titles; it gives the 50 best at most, in its own order, and no second page. Rising: each
    supporter counts 1 in the three days of her first press, and half as much with every three days that pass.
    """
    after = parse_cursor(cursor)
    await _public(desk, campaign_id)
    async with desk.pool.connection() as connection:
        if words := searched(q):
            found = await idea_lists.search(connection, campaign_id, words, tag=tag, limit=min(limit, idea_lists.MOST_FOUND))
            more = None
        else:
            found, more = await idea_lists.listed(connection, campaign_id, sort, tag=tag, after=after, limit=limit)
        shown = await picture_view.of(connection, [each["idea"] for each in found])
    rows = [IdeaRead(**read(each, shown.get(each["idea"], ()))) for each in found]
    return IdeaList(ideas=rows, next=cursor_of(more) or None)


@router.get("/campaigns/{campaign_id}/ideas/similar", summary="Ideas that are like a title")
async def similar_ideas(campaign_id: Id, desk: TheDesk, title: Sought = "") -> IdeaList:
    """Return the three ideas at most whose titles are like this one, before it is raised a second time."""
    await _public(desk, campaign_id)
    async with desk.pool.connection() as connection:
        found = await idea_lists.similar(connection, campaign_id, searched(title))
        shown = await picture_view.of(connection, [each["idea"] for each in found])
    return IdeaList(ideas=[IdeaRead(**read(each, shown.get(each["idea"], ()))) for each in found], next=None)


async def _public(desk: Desk, campaign_id: str) -> None:
    if campaign_id not in desk.streams.campaigns:
        await desk.catch_up()  # only before a no: this process may not have read it yet
    known = desk.streams.campaigns.get(campaign_id)
    if known is None or not known.id:
        raise CampaignNotFound


def searched(words: str) -> str:
    """Return the words of a search as the database takes them, without what nobody can see."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())


def cursor_of(after: idea_lists.Cursor | None) -> str:
    """Return a cursor for the page that begins behind *after*; empty where there is none."""
    return f"{after[0]:f}.{after[1]}" if after else ""


def parse_cursor(cursor: str) -> idea_lists.Cursor | None:
    """
    Return what a cursor says of the last idea of its page; none for the first page.

    Raises:
        Invalid: it is not one that a list of ideas gave out.
    """
    if not cursor:
        return None
    value, __, place = cursor.partition(".")
    if not (value.isascii() and value.isdigit() and place.isascii() and place.isdigit()) or len(cursor) > MOST_CURSOR:
        message = _("This cursor was not given out here. Begin without one.")
        raise Invalid(message)
    return Decimal(value), min(int(place), 2**62)


@router.get("/ideas/{idea_id}", summary="An idea")
async def get_idea(idea_id: Id, desk: TheDesk, ideas: TheIdeas, visitor: Visitor) -> IdeaPage:
    """Return an idea with its versions and comments."""
    found = await ideas.find(idea_id)
    async with desk.pool.connection() as connection:
        shown = await picture_view.of_versions(connection, idea_id)
        versions = [
            VersionRead(**each, pictures=pictures_read(shown.get(each["version"], ())))
            for each in await view.versions(connection, idea_id)
        ]
        said = await view.comments(connection, idea_id)
        own = (found["title_hash"], found["body_hash"])
        found_gone = await erased.in_place_of(connection, (*own, *(each["text_hash"] for each in said)))
        gone = {each: str(why) for each, why in found_gone.items()}
        discussion = [CommentRead(id=each.pop("comment"), gone=gone.get(each["text_hash"], ""), **each) for each in said]
        supported, _ = await view.support_of(connection, idea_id, visitor.member) if visitor else (False, 0)
    missing = gone.get(found["body_hash"]) or gone.get(found["title_hash"], "")
    hashes = {name: found[name] for name in ("title_hash", "body_hash", "tags_hash")}
    own_pictures = shown.get(found["version"], ())
    return IdeaPage(
        **read(found, own_pictures), **hashes, gone=missing, versions=versions, discussion=discussion, supported=supported
    )


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
