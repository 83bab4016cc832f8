"""The JSON API of integrity: removing a text."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from fanfare.integrity import removing
from fanfare.platform.documents import Answers
from fanfare.platform.edge import BodyDigest, Fan, Key, TheDesk, acknowledge, asked

router = APIRouter(prefix="/api/v1", tags=["integrity"])
Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="As ideas and comments name their texts.")]
_GONE: Answers = {403: {"description": "It is not yours to remove."}, 404: {"description": "There is no such text."}}


class RemovalForm(BaseModel):
    """Why a text is removed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "It gives away somebody's address."}]})
    reason: str = Field(
        default="",
        max_length=20_000,
        description="At most 300 characters; public, in the text's place. Empty where you take back your own comment.",
    )


class Removed(BaseModel):
    """The text is deleted; that it was removed is in the record, at this position."""

    text: str
    event: str
    position: str


@router.post("/texts/{text_hash}/removal", summary="Remove a text", responses=_GONE)
async def remove(
    text_hash: Hash, form: RemovalForm, request: Request, fan: Fan, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Removed:
    """Delete one text for good, as a moderator with a reason, or your own comment without one. No figure changes by it."""
    asking = asked(fan, "remove", text_hash, key, body)
    done = await removing.remove(desk, request.app.state.settings.home, asking, fan, [text_hash], form.reason)
    acknowledge(response, done)
    return Removed(text=text_hash, event=done.event_id, position=str(done.position))
