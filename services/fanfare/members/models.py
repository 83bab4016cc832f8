"""What the members routes take and give, with an example of each."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from fanfare.record.site import Role

Name = Annotated[str, Field(max_length=1000, description="At most 60 characters. It signs ideas and comments, never a ballot.")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Form):
    """Ask for a sign-in link."""

    email: str = Field(max_length=1000, examples=["anna@example.org"])
    next: str = Field(default="/", max_length=2000, description="A path of this site to come back to.", examples=["/me"])
    work: str = Field(default="", max_length=4000, description="The solution of the challenge in a refusal `work-needed`.")
    waited: str = Field(default="", max_length=400, description="Or `waited` of that refusal, a minute later.")
    came_by: str = Field(default="", max_length=100, description="What somebody's own link ends with: by whose you came.")


class SignInByPasskey(_Form):
    """Sign in with a passkey."""

    credential: str = Field(
        max_length=20_000, description="The JSON of what `navigator.credentials.get()` answered.", examples=["{}"]
    )
    next: str = Field(default="/", max_length=2000, description="A path of this site to come back to.", examples=["/me"])


class AddPasskey(_Form):
    """Add a passkey."""

    name: str = Field(max_length=1000, description="What you recognise it by; at most 60 characters.", examples=["My phone"])
    credential: str = Field(
        max_length=20_000, description="The JSON of what `navigator.credentials.create()` answered.", examples=["{}"]
    )


class PasskeyOut(BaseModel):
    """A passkey that signs you in."""

    id: str = Field(examples=["2c26b46b68ffc68ff99b453c1d304134"])
    name: str = Field(examples=["My phone"])
    created_at: datetime
    used_at: datetime | None = Field(description="When it last signed you in; null where it never did.")


class ChangeAddress(_Form):
    """Have another address, or a first one."""

    email: str = Field(max_length=1000, examples=["dora@example.org"])


class UseLink(_Form):
    """Use a link up."""

    token: SecretStr = Field(max_length=200, examples=["qK3v0bJx0E3J9n2dGv2B4uU3oJt0v6mXq7c8y1z2A3B"])


class Address(BaseModel):
    """Your address as it is now."""

    email: str = Field(examples=["dora@example.org"])


class LinkSent(BaseModel):
    """The same answer for every address."""

    detail: str = Field(
        examples=["If a member may sign in with this address, a link is on its way. It works once, for 15 minutes."]
    )


class ConfirmSignIn(_Form):
    """Use a link up."""

    token: SecretStr = Field(max_length=200, examples=["qK3v0bJx0E3J9n2dGv2B4uU3oJt0v6mXq7c8y1z2A3B"])
    name: Name = Field(default="", examples=["Dora"])
    email: str = Field(default="", max_length=1000, description="Of the first admin only.", examples=[""])
    credit: bool = Field(default=True, description="Let whoever's link you came by be credited when you first contribute.")


class SignedIn(BaseModel):
    """The session is in the cookie."""

    member: str = Field(examples=["9f86d081884c7d65"])
    next: str = Field(examples=["/me"])
    newcomer: bool = Field(description="She joined with this link.")


class Me(BaseModel):
    """What the site keeps of you."""

    id: str = Field(examples=["9f86d081884c7d65"])
    name: str = Field(examples=["Dora"])
    email: str | None = Field(examples=["dora@example.org"])
    roles: list[str] = Field(examples=[["host"]])
    joined_at: datetime
    simulated: bool = False
    shown: bool = Field(default=True, description="Others may read your page.")


class ChangeMe(_Form):
    """Be called by another name, or show your page to others or to nobody. What is left out stays."""

    name: Name | None = Field(default=None, examples=["Dora M."])
    shown: bool | None = Field(default=None, strict=True, examples=[True])


class SessionOut(BaseModel):
    """A browser that is signed in, or an API token."""

    id: str = Field(examples=["2c26b46b68ffc68ff99b453c1d304134"])
    label: str = Field(examples=["Firefox on Linux"])
    created_at: datetime
    expires_at: datetime
    current: bool = Field(description="This request came with it.")


class MakeToken(_Form):
    """Make an API token."""

    label: str = Field(max_length=1000, description="What it is for.", examples=["Nightly export"])
    days: int = Field(default=90, ge=1, le=365, description="How long it lasts.")

    @property
    def lasts(self) -> timedelta:
        """How long it lasts."""
        return timedelta(days=self.days)


class TokenOut(SessionOut):
    """An API token, as it is shown this once."""

    token: str = Field(examples=["fanfare_pat_5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"])


class MemberOut(BaseModel):
    """A member, as admins see her."""

    id: str = Field(examples=["9f86d081884c7d65"])
    name: str = Field(examples=["Dora"])
    roles: list[str] = Field(examples=[["host"]])
    joined_at: datetime


class Members(BaseModel):
    """A page of members."""

    members: list[MemberOut]
    after: str | None = Field(description="Send it as `after` for the next page; null at the end.", examples=[None])


class GrantRoleForm(_Form):
    """Give a role."""

    role: Role = Field(examples=["host"])


class RevokeRoleForm(_Form):
    """Take a role, with a reason."""

    reason: str = Field(
        max_length=20_000, description="At most 300 characters; it is public.", examples=["Left the brand's team."]
    )


class EraseMe(_Form):
    """Erase me, for good."""

    words: str = Field(max_length=200, description="The two words: erase me", examples=["erase me"])
    token: SecretStr = Field(
        default=SecretStr(""),
        max_length=200,
        description="What the link in the mail holds. It alone says who is erased; only a member without an address needs none.",
        examples=["qK3v0bJx0E3J9n2dGv2B4uU3oJt0v6mXq7c8y1z2A3B"],
    )


class Erased(BaseModel):
    """She was erased. The record holds that, and her id, which nothing leads to a person any more."""

    event: str = Field(examples=["9b74c9897bac770ffc029102a200c5de"])
    position: str = Field(examples=["0:1204:0"])
