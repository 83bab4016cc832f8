"""The JSON API of answers: what the brand says becomes of an idea."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from fanfare.ideas import answering
from fanfare.ideas.routes import TheIdeas
from fanfare.platform.allowed import CuratorOfIdea
from fanfare.platform.edge import BodyDigest, Key, TheDesk, acknowledge, asked
from fanfare.record.answers import AnswerStatus
from fanfare.views import answers

router = APIRouter(prefix="/api/v1", tags=["ideas"])
Id = Annotated[str, Path(max_length=64)]


class AnswerForm(BaseModel):
    """What becomes of the idea, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"status": "planned", "reason": "The kitchen cooks it on 3 December, in public."}]},
    )
    status: AnswerStatus
    reason: str = Field(max_length=20_000, description="At most 2,000 characters of Markdown; public, with your name.")


class AnswerRead(BaseModel):
    """An answer of the brand."""

    idea: str
    status: AnswerStatus
    reason: str
    """Empty where the text was removed."""
    by: str
    by_name: str
    at: datetime
    position: str


class Answers(BaseModel):
    """Every answer to an idea, the latest first: that one stands."""

    answers: list[AnswerRead]


class Answered(BaseModel):
    """The answer is in the record, at this position."""

    idea: str
    event: str
    position: str


@router.get("/ideas/{idea_id}/answers", summary="The answers to an idea")
async def get_answers(idea_id: Id, desk: TheDesk, ideas: TheIdeas) -> Answers:
    """Return what the brand answered, the answer that stands first."""
    await ideas.find(idea_id)
    async with desk.pool.connection() as connection:
        found = await answers.all_of(connection, idea_id)
    return Answers(
        answers=[
            AnswerRead(
                idea=each.idea,
                status=each.status,
                reason=each.reason,
                by=each.by,
                by_name=each.by_name,
                at=each.at,
                position=each.position,
            )
            for each in found
        ]
    )


@router.put("/ideas/{idea_id}/answer", summary="Answer an idea")
async def answer(
    idea_id: Id, form: AnswerForm, host: CuratorOfIdea, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Answered:
    """Say for the brand what becomes of an idea, and why. The last answer stands; the same one again changes nothing."""
    done = await answering.answer(desk, asked(host, "answer", idea_id, key, body), host, idea_id, form.status, form.reason)
    acknowledge(response, done)
    return Answered(idea=idea_id, event=done.event_id, position=str(done.position))
