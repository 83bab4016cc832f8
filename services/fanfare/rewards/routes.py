"""The JSON API of rewards: the shelf, the offers of hosts, and what a fan does with hers."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from fanfare.members.links import site_address
from fanfare.platform.desk import Acknowledged
from fanfare.platform.documents import Answers
from fanfare.platform.edge import BodyDigest, Fan, Host, Key, TheDesk, acknowledge, asked, holding
from fanfare.platform.language import gettext as _
from fanfare.record.rewards import Handled, Kind
from fanfare.rewards.plan import Address, Answer, Guardian, Plan
from fanfare.rewards.reading import MyOffer, OfferRead, Shelved, desk_of, mine, shelf, shelved
from fanfare.rewards.service import Rewards

router = APIRouter(prefix="/api/v1", tags=["rewards"])
RewardIn = Annotated[str, Path(max_length=64)]
OfferIn = Annotated[str, Path(max_length=64)]
_NO_REWARD: Answers = {404: {"description": "There is no such reward."}}
_NO_OFFER: Answers = {404: {"description": "There is no such offer, or it is somebody else’s."}}
_STRICT = ConfigDict(extra="forbid")
_LINE = Field(max_length=20_000, description="At most 300 characters; everybody can read it.")
_REWARD: JsonDict = {
    "kind": "thing",
    "title": "The first bottle",
    "words": "Numbered by hand, 1 to 40.",
    "stock": 40,
    "answer_h": 168,
    "min_age": 13,
    "guardian_below": 18,
    "countries": ["AT", "CH", "DE"],
    "sent": True,
}
_ANSWER: JsonDict = {
    "birth": "2001-05-04",
    "country": "AT",
    "address": {"name": "Noor Aziz", "lines": "Annenstraße 9\n8020 Graz"},
}


async def _rewards(request: Request) -> Rewards:
    rewards: Rewards = request.app.state.rewards
    return rewards


async def _site(request: Request, desk: TheDesk) -> str:
    return site_address(request, desk)


TheRewards = Annotated[Rewards, Depends(_rewards)]
SiteAddress = Annotated[str, Depends(_site)]
"""What a link in a mail begins with."""


class RewardForm(BaseModel):
    """A reward that goes onto the shelf."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_REWARD]})
    kind: Kind
    title: str = Field(max_length=2000, description="At most 120 characters.")
    words: str = Field(max_length=20_000, description="What it is, in at most 1,000 characters.")
    stock: int = Field(ge=1, le=10_000)
    answer_h: int = Field(default=0, ge=0, le=2160, description="Hours to accept an offer in; 0: it waits for ever.")
    min_age: int = Field(default=0, ge=0, le=99)
    guardian_below: int = Field(default=0, ge=0, le=99, description="Who is younger needs a guardian’s consent; 0: nobody does.")
    countries: list[Annotated[str, Field(max_length=2)]] = Field(default=[], max_length=60, description="ISO 3166-1 alpha-2.")
    sent: bool = Field(default=False, description="It goes by post: a postal address is asked for.")
    campaign: Annotated[str, Field(max_length=64)] | None = None


class StockForm(BaseModel):
    """How many there are in all from now on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"stock": 45, "reason": "Five more were bottled."}]}
    )
    stock: int = Field(ge=1, le=10_000)
    reason: str = _LINE


class ReasonForm(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "They are all in the post."}]})
    reason: str = _LINE


class OfferForm(BaseModel):
    """To whom a reward is offered, and why."""

    model_config = _STRICT
    member: str = Field(max_length=64)
    reason: str = _LINE
    because: list[Annotated[str, Field(max_length=64)]] = Field(
        default=[], max_length=20, description="Ideas and comments of hers that justify it."
    )
    draw: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="In which she won it.")
    waits: bool = Field(default=False, description="With none left she goes onto the reserve list.")


class AddressForm(BaseModel):
    """Where a parcel goes."""

    model_config = _STRICT
    name: str = Field(max_length=2000)
    lines: str = Field(max_length=20_000, description="Street, house, postcode and town; at most 400 characters.")


class GuardianForm(BaseModel):
    """Who has to consent."""

    model_config = _STRICT
    name: str = Field(max_length=2000)
    email: str = Field(max_length=300)


class AcceptForm(BaseModel):
    """What the reward needs to know of whoever accepts it; its page says what that is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ANSWER]})
    birth: date | None = Field(default=None, description="Looked at, and not kept.")
    country: str = Field(default="", max_length=2)
    address: AddressForm | None = None
    guardian: GuardianForm | None = None


class HandledForm(BaseModel):
    """How far an offer has come."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "sent"}]})
    state: Handled
    reason: str = Field(default="", max_length=20_000, description="At most 300 characters; needed where it failed.")


class Shelf(BaseModel):
    """All rewards."""

    rewards: list[Shelved]


class Offers(BaseModel):
    """The offers of a reward."""

    offers: list[OfferRead]


class MyOffers(BaseModel):
    """What was offered to you."""

    offers: list[MyOffer]


class RewardDecided(BaseModel):
    """It is in the record, at this position."""

    id: str
    """Of the reward, or of the offer."""
    event: str
    position: str


class AcceptDecided(BaseModel):
    """What came of it."""

    id: str
    state: Literal["accepted", "guardian"]
    """``guardian``: a mail went to your guardian, whose consent makes it accepted."""
    event: str | None
    position: str | None


@router.get("/rewards", summary="What there is")
async def list_rewards(desk: TheDesk) -> Shelf:
    """Return every reward: how many there are and are left, how its offers stand, and whom it reached, if they wish that seen."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        return Shelf(rewards=await shelf(connection, desk.streams))


@router.post("/rewards", status_code=status.HTTP_201_CREATED, summary="Put a reward on the shelf")
async def add(form: RewardForm, host: Host, rewards: TheRewards, key: Key, body: BodyDigest, response: Response) -> RewardDecided:
    """Put a thing or an experience on the shelf. Nobody is offered it yet."""
    plan = Plan(**{**form.model_dump(), "countries": tuple(form.countries)})
    reward_id, done = await rewards.add(asked(host, "add a reward", "rewards", key, body), plan)
    response.headers["Location"] = f"/api/v1/rewards/{reward_id}"
    return _decided(response, reward_id, done)


@router.get("/rewards/{reward_id}", summary="A reward", responses=_NO_REWARD)
async def get_reward(reward_id: RewardIn, desk: TheDesk, rewards: TheRewards) -> Shelved:
    """Return one reward."""
    found = await rewards.reward(reward_id)
    async with desk.pool.connection() as connection:
        return await shelved(connection, found)


@router.post("/rewards/{reward_id}/stock", summary="Say how many there are", responses=_NO_REWARD)
async def set_stock(
    reward_id: RewardIn, form: StockForm, host: Host, rewards: TheRewards, key: Key, body: BodyDigest, response: Response
) -> RewardDecided:
    """Set the stock, with a reason: never below what has been given. Whoever waits on the reserve list gets what comes free."""
    wanted = asked(host, "set a stock", reward_id, key, body)
    return _decided(response, reward_id, await rewards.set_stock(wanted, reward_id, form.stock, form.reason))


@router.post("/rewards/{reward_id}/close", summary="Close a reward", responses=_NO_REWARD)
async def close(
    reward_id: RewardIn, form: ReasonForm, host: Host, rewards: TheRewards, key: Key, body: BodyDigest, response: Response
) -> RewardDecided:
    """Offer it to nobody any more, with a reason. Offers that were made stay; the reserve list ends."""
    wanted = asked(host, "close a reward", reward_id, key, body)
    return _decided(response, reward_id, await rewards.close(wanted, reward_id, form.reason))


@router.post("/rewards/{reward_id}/offers", status_code=status.HTTP_201_CREATED, summary="Offer a reward", responses=_NO_REWARD)
async def offer(
    reward_id: RewardIn, form: OfferForm, host: Host, rewards: TheRewards, key: Key, body: BodyDigest, response: Response
) -> RewardDecided:
    """Offer a reward to a fan, with a reason. With none left this is refused, unless she is to wait on the reserve list."""
    wanted = asked(host, "offer a reward", reward_id, key, body)
    offer_id, done = await rewards.offer(wanted, reward_id, form.member, form.reason, form.because, form.draw, waits=form.waits)
    return _decided(response, offer_id, done)


@router.get("/host/offers", summary="The offers of a reward", responses=_NO_REWARD)
async def list_offers(reward: Annotated[str, Query(max_length=64)], host: Host, desk: TheDesk, rewards: TheRewards) -> Offers:
    """Return its offers, with the addresses of those who accepted. That you looked at these is noted, and they can see it."""
    found = await rewards.reward(reward)
    async with desk.pool.connection() as connection:
        return Offers(offers=await desk_of(connection, found, desk.now, looked_by=host.member))


@router.get("/me/offers", summary="My offers")
async def my_offers(fan: Fan, desk: TheDesk) -> MyOffers:
    """Return what was offered to you, and how it stands."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        return MyOffers(offers=await mine(connection, desk.streams, fan.member, desk.now))


@router.post("/offers/{offer_id}/accept", summary="Accept an offer", responses=_NO_OFFER)
async def accept(
    offer_id: OfferIn,
    form: AcceptForm,
    fan: Fan,
    rewards: TheRewards,
    site: SiteAddress,
    key: Key,
    body: BodyDigest,
    response: Response,
) -> AcceptDecided:
    """Accept what you were offered. If you are of an age at which a guardian has to agree, she or he is asked by mail first."""
    address = Address(form.address.name, form.address.lines) if form.address else None
    guardian = Guardian(form.guardian.name, form.guardian.email) if form.guardian else None
    wanted = asked(fan, "accept an offer", offer_id, key, body)
    came = await rewards.accept(wanted, offer_id, Answer(form.birth, form.country, address, guardian), site)
    if came.done:
        acknowledge(response, came.done)
    at = came.done
    return AcceptDecided(id=offer_id, state=came.state, event=at and at.event_id, position=at and str(at.position))


@router.post("/offers/{offer_id}/decline", summary="Decline an offer", responses=_NO_OFFER)
async def decline(
    offer_id: OfferIn, fan: Fan, rewards: TheRewards, key: Key, body: BodyDigest, response: Response
) -> RewardDecided:
    """Decline what you were offered, or give it back before it is prepared. It goes to the next fan, for good."""
    return _decided(response, offer_id, await rewards.decline(asked(fan, "decline an offer", offer_id, key, body), offer_id))


@router.post("/offers/{offer_id}/withdraw", summary="Withdraw an offer", responses=_NO_OFFER)
async def withdraw(
    offer_id: OfferIn, form: ReasonForm, host: Host, rewards: TheRewards, key: Key, body: BodyDigest, response: Response
) -> RewardDecided:
    """Take an offer back before it is sent, or after that failed, with a reason."""
    wanted = asked(host, "withdraw an offer", offer_id, key, body)
    return _decided(response, offer_id, await rewards.withdraw(wanted, offer_id, form.reason))


@router.post("/offers/{offer_id}/handled", summary="Say how far an offer has come", responses=_NO_OFFER)
async def handled(
    offer_id: OfferIn,
    form: HandledForm,
    fan: Fan,
    rewards: TheRewards,
    desk: TheDesk,
    key: Key,
    body: BodyDigest,
    response: Response,
) -> RewardDecided:
    """Say how far it has come: prepared, sent, arrived or failed. Hosts do that; that yours arrived, you may say, too."""
    _reward, found = await rewards.of_offer(offer_id)
    by_fan = form.state == "arrived" and found.offered.member == fan.member
    if not by_fan:
        await holding(fan, ("host",), desk, _("Only hosts say this. Whom it is for may say that it arrived."))
    wanted = asked(fan, "handle an offer", offer_id, key, body)
    done = await rewards.handled(wanted, offer_id, form.state, form.reason, by_fan=by_fan)
    return _decided(response, offer_id, done)


def _decided(response: Response, its_id: str, done: Acknowledged) -> RewardDecided:
    acknowledge(response, done)
    return RewardDecided(id=its_id, event=done.event_id, position=str(done.position))
