"""The JSON API of titles: a host gives one to a fan, and may take it back; she may lay it down."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.campaigns.drafts import Time
from fanfare.platform.edge import BodyDigest, Fan, Host, Key, TheDesk, acknowledge, asked
from fanfare.recognition import titles
from fanfare.recognition.rule_routes import Reason, Words
from fanfare.recognition.titles import TitleDraft

router = APIRouter()
AwardId = Annotated[str, Path(max_length=64)]
_NO_AWARD: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such award, or it has not been read yet."}}
_NO_MEMBER: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such member."}}


class TitleForm(BaseModel):
    """A title for a fan."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "member": "f3a9c2d1e0b4a5c6",
                    "words": "Namer of the Eighth",
                    "reason": "Her name for it won, and she made three others better.",
                    "because": ["a1b2c3d4e5f60718"],
                }
            ]
        },
    )
    member: str = Field(max_length=64)
    words: Words = Field(description="At most 60 characters; shown beside what she writes.")
    reason: Words = Field(description="At most 300 characters; everybody can read it.")
    because: list[Annotated[str, Field(max_length=64)]] = Field(
        default=[], max_length=20, description="Ideas and comments of hers that justify it."
    )
    until: Time | None = Field(default=None, description="When it ends; none: never.")
    campaign: str | None = Field(default=None, max_length=64)


class Granted(BaseModel):
    """The award is in the record, at this position."""

    award: str
    event: str
    position: str


@router.post("/recognition/titles", status_code=status.HTTP_201_CREATED, summary="Give a fan a title", responses=_NO_MEMBER)
async def grant_title(form: TitleForm, host: Host, desk: TheDesk, key: Key, body: BodyDigest, response: Response) -> Granted:
    """Name a fan for what she did, in public, with a reason and the contributions behind it. She is told by mail."""
    draft = TitleDraft(form.member, form.words, form.reason, tuple(form.because), form.until, form.campaign)
    award, done = await titles.grant(desk, asked(host, "title", form.member, key, body), draft)
    acknowledge(response, done)
    return Granted(award=award, event=done.event_id, position=str(done.position))


@router.post("/recognition/titles/{award_id}/revoke", summary="Take a title back", responses=_NO_AWARD)
async def revoke_title(
    award_id: AwardId, form: Reason, host: Host, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Granted:
    """Take a title back, with a reason that stands on its page. What a rule awarded falls only with what earned it."""
    done = await titles.revoke(desk, asked(host, "title-back", award_id, key, body), award_id, form.reason)
    acknowledge(response, done)
    return Granted(award=award_id, event=done.event_id, position=str(done.position))


@router.post("/me/titles/{award_id}/decline", summary="Lay a title down", responses=_NO_AWARD)
async def decline_title(
    award_id: AwardId, form: Reason, fan: Fan, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Granted:
    """Lay a title of yours down, with a reason that stands on its page. It is gone from beside your words at once."""
    done = await titles.lay_down(desk, asked(fan, "title-down", award_id, key, body), award_id, form.reason)
    acknowledge(response, done)
    return Granted(award=award_id, event=done.event_id, position=str(done.position))
