"""The JSON API of thank-yous: whom a segment has, what a host writes and what came back, and what came to oneself."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.community import answers, audience, segments, thanking
from fanfare.community.segments import SEGMENTS, Segment
from fanfare.community.thanking import Thanks, Written
from fanfare.platform.edge import BodyDigest, Fan, Host, Key, Limit, TheDesk, asked

router = APIRouter(prefix="/api/v1", tags=["recognition"])
ThanksId = Annotated[str, Path(max_length=64)]
_NO_THANKS: dict[int | str, dict[str, Any]] = {404: {"description": "No such thank-you came to you."}}
_NOBODY: dict[int | str, dict[str, Any]] = {422: {"description": "Nobody would get it, or the words are refused."}}


class SegmentRead(BaseModel):
    """A segment of fans, by a rule that anybody can read."""

    segment: Segment
    name: str
    rule: str
    fans: int
    """Now; hosts and you are in none."""


class SegmentsRead(BaseModel):
    """All segments."""

    segments: list[SegmentRead]


class ThanksForm(BaseModel):
    """A thank-you, to fans whom you name or to a segment."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"segment": "active", "words": "You were the first who asked.", "question": "Would you cook it again?"}]
        },
    )
    words: str = Field(max_length=20_000, description="1 to 2,000 characters; private, with your name.")
    question: str = Field(default="", max_length=20_000, description="At most 300 characters; empty: none.")
    members: list[Annotated[str, Field(max_length=64)]] = Field(
        default=[],
        max_length=thanking.MOST_NAMED,
        description="The fans whom it is for, each of whom gets it as her own; empty where it is for a segment.",
    )
    segment: Segment | None = None


class Accepted(BaseModel):
    """It is kept, and goes out in portions; the record says so with each."""

    thanks: str


class SentRead(BaseModel):
    """A thank-you of yours, and how far it came. All these figures are as reported."""

    thanks: str
    segment: str
    """Empty where it went to fans who were named."""
    words: str
    question: str
    written_at: datetime
    fans: int
    delivered: int
    mailed: int
    opened: int
    answered: int


class AnswerRead(BaseModel):
    """What a fan answered you."""

    thanks: str
    member: str
    name: str
    question: str
    answer: str
    answered_at: datetime
    written_back_at: datetime | None


class SentList(BaseModel):
    """What you wrote, the latest first, and what came back: first what you have not written back to."""

    as_reported: bool = True
    """None of these figures follows from the record."""
    thanks: list[SentRead]
    answers: list[AnswerRead]
    waiting: int
    """How many answers you have not written back to."""


class ThanksLine(BaseModel):
    """A thank-you that came to you."""

    thanks: str
    by: str
    by_name: str
    at: datetime
    opened: bool
    asks: bool
    answered: bool


class MyThanks(BaseModel):
    """The thank-yous that came to you, the latest first."""

    thanks: list[ThanksLine]


class ThanksRead(BaseModel):
    """A thank-you in its words."""

    thanks: str
    by: str
    by_name: str
    words: str
    question: str
    at: datetime
    answer: str
    answered_at: datetime | None


class AnswerForm(BaseModel):
    """Your answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"words": "With less salt, yes."}]})
    words: str = Field(max_length=20_000, description="1 to 2,000 characters; whoever asked reads it, and nobody else.")


@router.get("/segments", summary="How many fans are in each segment")
async def get_segments(host: Host, desk: TheDesk) -> SegmentsRead:
    """Return the segments with their rules and how many are in each now, before anything is sent to anybody."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        counts = await audience.counts(connection, desk.now, thanking.brands_own(desk, host.member))
    said = segments.described()
    return SegmentsRead(
        segments=[SegmentRead(segment=each, name=said[each].name, rule=said[each].rule, fans=counts[each]) for each in SEGMENTS]
    )


@router.post("/thanks", status_code=status.HTTP_202_ACCEPTED, summary="Thank fans or a segment", responses=_NOBODY)
async def thank(form: ThanksForm, host: Host, desk: TheDesk, key: Key, body: BodyDigest) -> Accepted:
    """
    Write to fans whom you name or to all of a segment, in your own words, with a question if you have one.

    You have twenty a day, however many get each. Who was named and has left is left out.
    """
    written = Written(form.words, form.question, tuple(form.members), form.segment)
    return Accepted(thanks=await thanking.write(desk, asked(host, "thank", "thanks", key, body), host, written))


@router.get("/thanks", summary="What I sent, and what came back")
async def get_sent(host: Host, desk: TheDesk, limit: Limit = 50) -> SentList:
    """Return the thank-yous that you wrote with how many got them, opened them and answered, as reported."""
    async with desk.pool.connection() as connection:
        sent = await answers.sent(connection, host.member, limit)
        back = await answers.answers(connection, host.member, limit)
        waiting = await answers.waiting(connection, host.member)
    return SentList(
        thanks=[
            SentRead(
                thanks=each.id,
                segment=each.segment,
                words=each.words,
                question=each.question,
                written_at=each.written_at,
                fans=each.fans,
                delivered=each.delivered,
                mailed=each.mailed,
                opened=each.opened,
                answered=each.answered,
            )
            for each in sent
        ],
        answers=[AnswerRead(**msgspec.structs.asdict(each)) for each in back],
        waiting=waiting,
    )


@router.get("/me/thanks", summary="Who thanked me")
async def get_mine(fan: Fan, desk: TheDesk, limit: Limit = 50) -> MyThanks:
    """Return the thank-yous that came to you, without their words: looking at this list opens none."""
    async with desk.pool.connection() as connection:
        found = await thanking.of_member(connection, fan.member, limit)
    return MyThanks(thanks=[_line(each) for each in found])


def _line(found: Thanks) -> ThanksLine:
    return ThanksLine(
        thanks=found.id,
        by=found.by_member,
        by_name=found.by_name,
        at=found.delivered_at,
        opened=found.opened_at is not None,
        asks=bool(found.question),
        answered=found.answered_at is not None,
    )


@router.get("/me/thanks/{thanks_id}", summary="Read a thank-you", responses=_NO_THANKS)
async def read_mine(thanks_id: ThanksId, fan: Fan, desk: TheDesk) -> ThanksRead:
    """Return a thank-you that came to you. Its writer is told that it was opened, not by whom."""
    async with desk.pool.connection() as connection:
        found = await thanking.read(connection, fan.member, thanks_id)
    return ThanksRead(
        thanks=found.id,
        by=found.by_member,
        by_name=found.by_name,
        words=found.words,
        question=found.question,
        at=found.delivered_at,
        answer=found.answer,
        answered_at=found.answered_at,
    )


@router.post("/me/thanks/{thanks_id}", summary="Answer a thank-you", responses=_NO_THANKS)
async def answer_mine(thanks_id: ThanksId, form: AnswerForm, fan: Fan, desk: TheDesk) -> ThanksRead:
    """Answer whoever thanked you and asked something, once. The same answer again changes nothing."""
    await thanking.answer(desk, fan.member, thanks_id, form.words)
    return await read_mine(thanks_id, fan, desk)
